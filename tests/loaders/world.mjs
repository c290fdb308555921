// Shared by the tests: the guide's recipes, bundled with their libraries, in a page of their own.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { build } from 'esbuild';
import { launchBrowser } from '../engine.mjs';
import { blocks } from '../docs/blocks.mjs';
import { listen, site } from '../package/world.mjs';
import { Api } from './api.mjs';

export const GUIDE = 'docs/guides/loaders.md';
const FOLDER = join(process.cwd(), 'tests/loaders');
const MODULES = join(FOLDER, 'node_modules');

/** The longest that a step of a test may take on a busy machine, in milliseconds. */
const TIMEOUT = 120_000;

/** What the guide's examples call the API. */
const NAME = 'https://api.example.com';

/** Files that a library loads from the page's own server. */
const ASSETS = { '/maplibre/': 'maplibre-gl/dist/', '/cesium/': 'cesium/Build/Cesium/' };

const TYPES = { js: 'text/javascript', mjs: 'text/javascript', json: 'application/json', wasm: 'application/wasm' };

// MapLibre looks for its worker beside the script.
const PAGE = `<!doctype html><title>A loader</title>
<style>#view { width: 200px; height: 200px }</style>
<div id="view"></div><video id="video" muted></video>
<script type="module" src="/maplibre/page.js"></script>`;

/** The guide's blocks that are files, by name; those of the connection by the kind of its token. */
function recipes(kind, origin) {
  const files = {};
  for (const { label, section, code } of blocks(GUIDE)) {
    if (label === 'daypass.js' && (kind === 'publishable') !== /publishable/i.test(section)) continue;
    assert.ok(!(label in files), `${GUIDE} has one block ${label} of each kind`);
    files[label] = code.replaceAll(NAME, origin).replaceAll('dp_pub_…', Api.PUBLISHABLE);
  }
  return files;
}

/** Bundles a module of ours that imports recipes as `guide/NAME.js`. */
async function bundle(code, files) {
  const guide = {
    name: 'guide',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^guide\// }, ({ path }) => ({ path: path.slice('guide/'.length), namespace: 'guide' }));
      onResolve({ filter: /^\.\//, namespace: 'guide' }, ({ path }) => ({ path: path.slice(2), namespace: 'guide' }));
      onLoad({ filter: /.*/, namespace: 'guide' }, ({ path }) => ({ contents: files[path], resolveDir: FOLDER }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: FOLDER },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    nodePaths: [join(site, 'node_modules')],
    loader: { '.css': 'empty' },
    plugins: [guide],
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

let browser;
after(async () => (await browser)?.close());

/** Opens a page that runs a driver of a recipe, and passes the page and its API on. */
export async function open(name, kind, body) {
  const api = await Api.start();
  const files = recipes(kind, api.origin);
  const code = `import { daypass } from 'guide/daypass.js';
    import { load } from './drivers/${name}.mjs';
    Object.assign(globalThis, { daypass, load, api: '${api.origin}' });`;
  const scripts = { '/maplibre/page.js': await bundle(code, files) };
  if (files['worker.js']) scripts['/worker.js'] = await bundle(`import 'guide/worker.js';`, files);
  const page = await newPage(await serve(scripts, api));
  try {
    await page.tab.waitForFunction(() => globalThis.load, undefined, { timeout: TIMEOUT });
    await body(page.tab, api);
    assert.deepEqual(page.errors, [], 'no error is uncaught');
  } catch (error) {
    throw new Error([error.message, ...page.errors, ...page.console].join('\n'), { cause: error });
  } finally {
    await page.context.close();
  }
}

/** Serves the page, its scripts, the libraries' own files and the provider. */
function serve(scripts, api) {
  return listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    if (pathname === '/floor-token') return api.give(response);
    const [prefix, folder] = Object.entries(ASSETS).find(([prefix]) => pathname.startsWith(prefix)) ?? [];
    const file = prefix && join(MODULES, folder, pathname.slice(prefix.length));
    const content = pathname === '/' ? PAGE : (scripts[pathname] ?? (await readFile(file ?? '').catch(() => null)));
    if (content === null) return response.writeHead(404).end();
    return response.setHeader('Content-Type', TYPES[pathname.split('.').at(-1)] ?? 'text/html').end(content);
  });
}

async function newPage(url) {
  browser ??= launchBrowser({ more: ['--enable-unsafe-swiftshader', '--autoplay-policy=no-user-gesture-required'] });
  const context = await (await browser).newContext();
  context.setDefaultTimeout(TIMEOUT);
  const [errors, console] = [[], []];
  context.on('weberror', (error) => errors.push(error.error().stack ?? String(error.error())));
  context.on('console', (message) => console.push(message.text()));
  const tab = await context.newPage();
  await tab.goto(url);
  return { context, tab, errors, console };
}

/** Loads a copy of the data, and returns the requests, once the page shows it. */
export async function load(tab, api, number) {
  const shown = tab.evaluate((number) => globalThis.load(number), number);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it is not shown')), TIMEOUT);
  });
  try {
    await Promise.race([shown, late]);
  } catch (error) {
    throw new Error(`copy ${number}: ${error.message}\n${api.take().map((one) => JSON.stringify(one)).join('\n')}`);
  } finally {
    clearTimeout(timer);
  }
  return api.take();
}

/** The requests that were not answered 200, or had another token. */
export const others = (requests, token) => requests.filter((request) => request.token !== token || request.status !== 200);

const TITLES = {
  publishable: 'a publishable token is sent with each request',
  temporary: 'a temporary token is sent with each request, is refreshed, and a 401 is recovered',
};

/**
 * Tests a recipe, driven by `drivers/NAME.mjs`. `paths` match the kinds of requests that it causes: with a temporary
 * token, each of them gets a 401 in turn.
 */
export function testRecipe(name, kind, paths) {
  test(`${name}: ${TITLES[kind]}`, { timeout: (paths.length + 4) * TIMEOUT }, () =>
    open(name, kind, async (tab, api) => {
      const isTemporary = kind === 'temporary';
      const requests = await load(tab, api, 1);
      for (const path of paths) assert.ok(requests.some((one) => path.test(one.path)), `${path} is requested`);
      assert.deepEqual(others(requests, isTemporary ? 't1' : 'publishable'), []);
      if (!isTemporary) return;

      await tab.evaluate(() => globalThis.daypass.refresh());
      assert.deepEqual(others(await load(tab, api, 2), 't2'), [], 'after a refresh');

      for (const [at, path] of paths.entries()) await recovers(tab, api, at + 3, path);
    }));
}

/** Retires the token in use at the next request to a path, and checks that the loader comes to its end. */
async function recovers(tab, api, number, path) {
  // A 401 to a token that itself replaced a rejected one is answered with a refresh only after a time.
  await tab.evaluate(() => globalThis.daypass.refresh());
  const before = api.tokens;
  api.retireAt(path);
  const requests = await load(tab, api, number);
  assert.ok(!api.isWaiting, `${path} is requested`);
  assert.equal(api.tokens, before + 1, `after a 401 for ${path}, there is one new token`);
  const refused = requests.filter(({ status }) => status !== 200);
  assert.ok(refused.length > 0 && refused.every((one) => one.status === 401 && one.token === `t${before}`));
  for (const one of refused) {
    const answered = (other) => other.path === one.path && other.status === 200 && other.token === `t${before + 1}`;
    assert.ok(requests.some(answered), `${one.path} is requested again`);
  }
}
