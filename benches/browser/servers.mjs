// The server of the page, and the API on another origin.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const TYPES = { ".js": "text/javascript" };

/** Headers that isolate the page, which gives it a finer clock. */
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const HTML = '<!doctype html><title>A product</title><link rel="icon" href="data:,">';

/** Serves an empty page, the package, the peers, and the scripts of the measurement. */
export function servePage(peers) {
  const folders = {
    daypass: new URL("../../pkg/dist/", import.meta.url),
    peers: pathToFileURL(`${peers}/`),
    page: new URL("page/", import.meta.url),
  };
  return serve((request, response) => {
    const [, folder, name] = request.url.split("/");
    if (!name) return response.writeHead(200, { ...ISOLATED, "Content-Type": "text/html" }).end(HTML);
    // The cache header that a product's build sets on files with a hash in their name.
    const caching = { "Cache-Control": "max-age=31536000, immutable" };
    const headers = { ...ISOLATED, ...caching, "Content-Type": TYPES[extname(name)] };
    return response.writeHead(200, headers).end(readFileSync(fileURLToPath(new URL(name, folders[folder]))));
  });
}

/** Answers every request with the same small JSON, and counts the requests of each URL without its token. */
export async function serveApi() {
  const log = new Map();
  const server = await serve((request, response) => {
    const line = `${request.method} ${request.url.replace(/pubtoken=\w+/, "pubtoken")}`;
    log.set(line, (log.get(line) ?? 0) + 1);
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (request.method === "OPTIONS") {
      const allowed = { "Access-Control-Allow-Headers": "authorization", "Access-Control-Max-Age": "600" };
      return response.writeHead(204, allowed).end();
    }
    const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
    return response.writeHead(200, headers).end('{"id":"ground","name":"Ground floor"}');
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
