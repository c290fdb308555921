// A site: pages (pages.mjs) and the paths of a small backend, on a loopback port, with its settings in the environment.
import { createServer } from 'node:http';
import { failed, json, readBody, send } from './http.mjs';
import { pages } from './pages.mjs';

/**
 * Listens, and prints one line of JSON then. `folder` has the pages, `config` is what they may know, and `routes` maps
 * `METHOD /path` to a function from the body, a JSON object, and the request's headers to an answer. `GET /config.json`
 * is among them. `paths` are those of the page, beside `/`.
 * SECURITY: all of `config` reaches the browser.
 */
export function startSite({ folder, config, routes, paths = [] }) {
  const all = { 'GET /config.json': () => json(200, config), ...routes };
  let showPage;

  async function answer(request, response) {
    const path = request.url.split('?', 1)[0];
    if (['GET', 'HEAD'].includes(request.method) && (await showPage(path, request.method, response))) return;

    const route = all[`${request.method} ${path}`];
    const body = request.method === 'POST' && route ? await readBody(request) : {};
    send(
      response,
      !route ? failed(404, 'not_found', 'There is nothing here.')
      : !body ? failed(400, 'invalid_request', 'The body must be a JSON object, sent as application/json.')
      : await route(body, request.headers),
    );
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      // The log gets the cause, the visitor only that it failed.
      console.error(`${request.method} ${request.url.split('?', 1)[0]}: ${error.cause?.message ?? error.message}`);
      if (response.headersSent) return response.destroy();
      send(response, failed(502, 'unavailable', 'The token service did not answer.'));
    });
  });
  server.on('error', (error) => fail(`cannot listen: ${error.message}`));
  server.listen(Number(need('PORT')), '127.0.0.1', async () => {
    const site = `http://127.0.0.1:${server.address().port}`;
    showPage = await pages({ ...config, site }, folder, paths);
    console.log(JSON.stringify({ listening: site }));
  });
}

/** Returns an environment variable, and ends the program if it is not set. */
export function need(name) {
  const value = process.env[name];
  if (!value) fail(`the environment variable ${name} is missing; docs/guides/demo.md lists them all`);
  return value;
}

/** Returns the origin of the URL in an environment variable. */
export function origin(name) {
  const value = need(name);
  if (!URL.canParse(value)) fail(`${name} must be a URL such as http://127.0.0.1:4000`);
  return new URL(value).origin;
}

function fail(message) {
  console.error(`customer-site: ${message}`);
  process.exit(1);
}
