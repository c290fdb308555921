// Where the WebAssembly comes from, and what happens if it does not.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csp, installed, rule, serve, api } from './world.mjs';
import { floor } from './site/floor.js';

const dist = join(installed, 'dist');
const bytes = await readFile(join(dist, 'daypass_bg.wasm'));
const typed = (type) => (response) => response.setHeader('Content-Type', type).end(bytes);

/** Opens a page that has the SDK, runs `body` in it, and gives the result and which files were asked for how often. */
async function inPage(page, body, routes = {}, entry = 'index') {
  const asked = {};
  const counted = (path, answer) => (response, request) => {
    asked[path] = (asked[path] ?? 0) + 1;
    answer(response, request, asked[path]);
  };
  const all = { '/daypass_bg.wasm': typed('application/wasm'), '/elsewhere.wasm': typed('application/wasm'), ...routes };
  const answers = Object.fromEntries(Object.entries(all).map(([path, answer]) => [path, counted(path, answer)]));
  const origin = await serve(dist, csp.wasm, { '/index.html': '<!doctype html><title>A page</title>', ...answers });
  await page.goto(`${origin}/`);
  const given = JSON.stringify({ api });
  const result = await page.evaluate(`(async ({ api }) => {
    const { connect, initialise } = await import('/${entry}.js');
    const floor = ${floor};
    return (${body})({ connect, initialise, floor: () => floor(connect, api) });
  })(${given})`);
  return { result, asked };
}

const GIVEN = {
  'a text': "'/elsewhere.wasm'",
  'a URL': "new URL('/elsewhere.wasm', location.href)",
  'a Request': "new Request('/elsewhere.wasm')",
  'a Response': "await fetch('/elsewhere.wasm')",
  'an ArrayBuffer': "await (await fetch('/elsewhere.wasm')).arrayBuffer()",
  'a view': "new Uint8Array(await (await fetch('/elsewhere.wasm')).arrayBuffer())",
  'a Module': "await WebAssembly.compileStreaming(fetch('/elsewhere.wasm'))",
};
for (const [name, code] of Object.entries(GIVEN)) {
  rule(`initialise takes ${name}`, async (page) => {
    const body = `async ({ initialise, floor }) => { await initialise({ module_or_path: ${code} }); return floor(); }`;
    assert.deepEqual(await inPage(page, body), { result: 'the first floor', asked: { '/elsewhere.wasm': 1 } });
  });
}

for (const type of ['text/plain', 'application/octet-stream', 'application/wasm; charset=utf-8', 'Application/WASM', '']) {
  rule(`a server that calls it \`${type}\` is no reason to fail`, async (page) => {
    const { result } = await inPage(page, 'async ({ floor }) => floor()', { '/daypass_bg.wasm': typed(type) });
    assert.equal(result, 'the first floor');
  });
}

rule('calls at the same time load it once', async (page) => {
  const body = 'async ({ floor }) => Promise.all([floor(), floor(), floor()])';
  const { result, asked } = await inPage(page, body);
  assert.deepEqual({ result, asked }, { result: Array(3).fill('the first floor'), asked: { '/daypass_bg.wasm': 1 } });
});

const FAILURES = {
  'an answer that is cut': (response) => response.setHeader('Content-Type', 'application/wasm').end(bytes.subarray(0, 1000)),
  'a page in its place': (response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html>'),
};
for (const [name, failing] of Object.entries(FAILURES)) {
  rule(`after ${name}, the next call tries again`, async (page) => {
    const body = "async ({ floor }) => [await floor().then(() => 'loaded', () => 'failed'), await floor()]";
    const answer = (response, request, times) => (times === 1 ? failing : typed('application/wasm'))(response);
    const { result } = await inPage(page, body, { '/daypass_bg.wasm': answer });
    assert.deepEqual(result, ['failed', 'the first floor']);
  });
}
