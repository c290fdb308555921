// Serves npm `oidc-provider` with its store in memory, gets an access token of a client, and prints where it listens and
// an introspection of that token, as JSON.
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
const response = await fetch(`http://${address}/token`, {
  method: "POST",
  headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
  body: "grant_type=client_credentials&scope=floor:readPrivate",
});
const { access_token: token } = await response.json();
const body = `token=${token}`;
const request = [
  "POST /token/introspection HTTP/1.1",
  "Host: " + address,
  `Authorization: ${authorization}`,
  "Content-Type: application/x-www-form-urlencoded",
  `Content-Length: ${body.length}`,
  "",
  body,
].join("\r\n");
const introspected = await fetch(`http://${address}/token/introspection`, {
  method: "POST",
  headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
  body,
});
if (!(await introspected.json()).active) throw new Error("oidc-provider takes its own token for inactive");
console.log(JSON.stringify({ address, request }));
