// A page with the inspector, under a strict policy, and a customer's backend whose token can be revoked.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { info } from './demo.mjs';

export const service = new URL(info.service).origin;
export const api = new URL(info.api).origin;
const dist = (file) => fileURLToPath(new URL(`../../pkg/dist/${file}`, import.meta.url));

/** The entry with the default entry in it, as an application's bundler puts them together. */
const bundled = await build({
  stdin: { contents: `export * from ${JSON.stringify(dist('inspector.js'))};`, resolveDir: dist('.') },
  alias: { daypass: dist('index.js') },
  bundle: true,
  format: 'esm',
  write: false,
});
const script = bundled.outputFiles[0].text;

/** No `unsafe-inline`, no markup from texts, no other server than the API and the token service. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  `connect-src 'self' ${api} ${service}`,
  'img-src data:',
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const PAGE = `<!doctype html><html lang="en"><title>A customer</title><link rel="icon" href="data:,">
  <meta name="viewport" content="width=device-width"><main><h1>Floors</h1><p>A page with an embed.</p>
  <button id="own">The embed's own button</button></main>`;

/** Calls the service with a stored token. */
export async function ask(method, path, token, json) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(service + path, { method, headers, body: json && JSON.stringify(json) });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

/** The backends by the name in their URL. */
const backends = new Map();

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://site');
  await request.toArray();
  if (pathname === '/inspector.js') return response.setHeader('content-type', 'text/javascript').end(script);
  if (pathname === '/token') {
    const { token, wish } = backends.get(searchParams.get('of'));
    const { status, body } = await ask('POST', '/v2/temporary-access-token/create', token, wish);
    return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
  response.setHeader('content-type', 'text/html');
  if (pathname !== '/free') response.setHeader('content-security-policy', POLICY);
  return response.end(PAGE);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
export const site = `http://127.0.0.1:${server.address().port}`;

/** A backend with a secret token of its own. Its temporary tokens have what `wish` says besides. */
export async function createBackend(wish = {}) {
  const { body } = await ask('POST', '/v2/access-token', info.ownerToken, { kind: 'secret', name: 'Inspected' });
  const { id, token } = body;
  backends.set(id, { token, wish: { scopes: ['floor:readPrivate'], durationSeconds: 900, ...wish } });
  const revoke = async () => {
    const { status } = await ask('DELETE', `/v2/access-token/${id}`, info.ownerToken);
    assert.ok(status < 300, `${status}`);
  };
  return { provider: `/token?of=${id}`, token, revoke };
}

/** Opens the page, with the inspector's exports as globals, and returns what its policy or its scripts complain of. */
export async function open(page, path = '/') {
  const complaints = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (/Content.Security.Policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(site + path);
  await page.evaluate(async () => Object.assign(globalThis, await import('/inspector.js')));
  return complaints;
}

/** Connects as `globalThis.daypass`, with the panel. */
export async function connect(page, options, debug = { open: true }) {
  await page.evaluate(
    async (options) => {
      globalThis.daypass = await globalThis.connect(options);
    },
    { api, scopes: ['floor:readPrivate'], ...options, debug },
  );
}

/** The panel's value of a fact, such as `Scopes`. */
export const fact = (page, name) =>
  page.locator('daypass-inspector dl > div').filter({ has: page.locator('dt', { hasText: name }) }).locator('dd');

/** Waits until a fact has this text. */
export const untilFact = (page, name, text) => fact(page, name).filter({ hasText: text }).waitFor();

/** All markup of the page and of the panel, attributes included, without scripts. */
export const markup = (page) =>
  page.evaluate(() => {
    const hosts = [...document.querySelectorAll('daypass-inspector')];
    return [document.documentElement, ...hosts.map((host) => host.shadowRoot)]
      .map((root) => `${root.outerHTML ?? ''}${root.innerHTML}`)
      .join('\n');
  });
