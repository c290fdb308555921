// The page's own server, and the API on another origin.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const TYPES = { ".js": "text/javascript" };

/** Isolated, for the fine clock. */
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const HTML = '<!doctype html><title>A product</title><link rel="icon" href="data:,">';

/** A page without anything, the package, the peers, and what the page measures with. */
export function servePage(peers) {
  const folders = {
    daypass: new URL("../../pkg/dist/", import.meta.url),
    peers: pathToFileURL(`${peers}/`),
    page: new URL("page/", import.meta.url),
  };
  return serve((request, response) => {
    const [, folder, name] = request.url.split("/");
    if (!name) return response.writeHead(200, { ...ISOLATED, "Content-Type": "text/html" }).end(HTML);
    // As a product's build serves what has a hash in its name.
    const headers = { ...ISOLATED, "Content-Type": TYPES[extname(name)], "Cache-Control": "max-age=31536000, immutable" };
    return response.writeHead(200, headers).end(readFileSync(fileURLToPath(new URL(name, folders[folder]))));
  });
}

/** Answers everything with the same small JSON, and keeps a log: how often each URL was asked for, without its token. */
export async function serveApi() {
  const log = new Map();
  const server = await serve((request, response) => {
    const line = `${request.method} ${request.url.replace(/pubtoken=\w+/, "pubtoken")}`;
    log.set(line, (log.get(line) ?? 0) + 1);
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (request.method === "OPTIONS") {
      return response.writeHead(204, { "Access-Control-Allow-Headers": "authorization", "Access-Control-Max-Age": "600" }).end();
    }
    return response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end('{"id":"ground","name":"Ground floor"}');
  });
  return { ...server, count: (method, url) => log.get(`${method} ${url}`) ?? 0 };
}

async function serve(answer) {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}
