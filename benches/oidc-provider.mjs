// Serves npm `oidc-provider` with its store in memory, gets an access token of a client, and prints where it listens,
// an introspection of that token and a request for another, as JSON.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import Provider from "oidc-provider";

// It advises on its settings. Standard output is for the line.
console.info = console.error;

const client = { client_id: "api", client_secret: "an API's secret, as long as such a secret is" };
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const address = `127.0.0.1:${server.address().port}`;

const { privateKey } = generateKeyPairSync("ed25519");
const provider = new Provider(`http://${address}`, {
  clients: [
    {
      ...client,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: "EdDSA",
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
  },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig" }] },
  scopes: ["floor:readPrivate", "floor:readPublic", "floor:queryPublic"],
});
server.on("request", provider.callback());

const basic = [client.client_id, client.client_secret].map(encodeURIComponent).join(":");
const authorization = `Basic ${Buffer.from(basic).toString("base64")}`;

/** Makes a request with a form, as the text that is sent. */
function request(path, body) {
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${address}`,
    `Authorization: ${authorization}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

/** Sends a request with a form. */
async function send(path, body) {
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
  const response = await fetch(`http://${address}${path}`, { method: "POST", headers, body });
  return response.json();
}

const form = "grant_type=client_credentials&scope=floor:readPrivate";
const { access_token: token } = await send("/token", form);
const clientCredentials = request("/token", form);
const introspection = request("/token/introspection", `token=${token}`);
if (!(await send("/token/introspection", `token=${token}`)).active)
  throw new Error("oidc-provider takes its own token for inactive");
console.log(JSON.stringify({ address, introspection, clientCredentials }));
