// Shared by the tests: the folder where the packed package is installed, servers on loopback, a real Chromium.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { launchBrowser } from '../engine.mjs';

export const { DAYPASS_TARBALL: tarball, DAYPASS_SITE: site } = process.env;
if (!tarball || !site)
  throw new Error(
    'DAYPASS_TARBALL or DAYPASS_SITE is not set. Run these tests with `cargo xtask test --only package`.',
  );
export const installed = join(site, 'node_modules/daypass');

/** The time-out of a build or a page on a busy machine, in milliseconds. */
const TIMEOUT = 240_000;

/** The policies of a strict site, with and without WebAssembly. */
const STRICT =
  "default-src 'none'; connect-src 'self' http://127.0.0.1:*; worker-src 'self'; img-src data:; script-src 'self'";
export const csp = { wasm: `${STRICT} 'wasm-unsafe-eval'`, nowasm: STRICT };

/** Runs a program in the folder where the package is installed, and returns its output. */
export async function run(program, args, options) {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd: site, timeout: TIMEOUT, ...options });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** Returns the path of a program that npm installed for these tests, or in another folder of the repository. */
export const tool = (name, from = 'tests/package') => join(process.cwd(), from, 'node_modules/.bin', name);

const servers = [];
let browser;
after(async () => {
  await (await browser)?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a server for the tests of this file and returns its origin. */
export async function listen(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://127.0.0.1:${server.address().port}`;
}

/** A product's API that accepts one token. */
export const api = await listen((request, response) => {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Headers', 'authorization');
  const isGood = request.headers.authorization === 'Bearer good';
  response.writeHead(request.method === 'OPTIONS' ? 204 : isGood ? 200 : 401).end(isGood ? 'the first floor' : '');
});

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };

/** Serves a folder; `routes` takes precedence: text by path, or a function that responds. */
export function serve(folder, policy, routes = {}) {
  return listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    if (policy) response.setHeader('Content-Security-Policy', policy);
    if (path === '/favicon.ico') return response.writeHead(204).end();
    const route = routes[path];
    if (typeof route === 'function') return route(response, request);
    const content = route ?? (await readFile(join(folder, path)).catch(() => null));
    if (content === null) return response.writeHead(404).end();
    return response.setHeader('Content-Type', TYPES[extname(path)] ?? 'text/plain').end(content);
  });
}

/** Defines a test with a page of its own. It fails if the page logs or throws an error. */
export function rule(name, body) {
  test(name, { timeout: TIMEOUT }, async () => {
    browser ??= launchBrowser();
    const context = await (await browser).newContext();
    context.setDefaultTimeout(20_000);
    const errors = [];
    context.on('weberror', (error) => errors.push(String(error.error())));
    context.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    try {
      await body(await context.newPage());
    } catch (error) {
      throw new Error([error.message, ...errors].join('\n'), { cause: error });
    } finally {
      await context.close();
    }
    assert.deepEqual(errors, []);
  });
}

/** Opens a page with the API's address in its query, and waits until it shows the API's response. */
export async function showFloor(page, url) {
  await page.goto(`${url}?api=${api}`);
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
}
