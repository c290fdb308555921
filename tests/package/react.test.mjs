// The React entry in a page: StrictMode, other options, the end.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { api, rule, run, serve, site, tool } from './world.mjs';

/** Counts the listeners that a connection has on the window. */
function countListeners() {
  globalThis.listeners = 0;
  const count = (method, by) => {
    const original = window[method];
    window[method] = function (type, ...rest) {
      if (type === 'online') globalThis.listeners += by;
      return original.call(this, type, ...rest);
    };
  };
  count('addEventListener', 1);
  count('removeEventListener', -1);
}

const OPTIONS = [
  '--bundle',
  '--format=esm',
  '--jsx=automatic',
  '--define:process.env.NODE_ENV="development"',
  '--log-level=warning',
];
await run(tool('esbuild', '.'), ['page=strict.jsx', ...OPTIONS, '--outdir=out/react']);
const HTML = '<!doctype html><title>A page</title><div id="root"></div><script type="module" src="/page.js"></script>';
const origin = await serve(join(site, 'out/react'), undefined, { '/index.html': HTML });

/** A page that shows the component with these properties, once it has the API's answer. */
async function shown(page, properties) {
  await page.addInitScript(countListeners);
  await page.goto(`${origin}/?api=${api}`);
  await show(page, properties);
}

async function show(page, properties) {
  await page.evaluate((properties) => globalThis.show(properties), properties);
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
}

const state = (page) =>
  page.evaluate(() => ({ asked: globalThis.asked, listeners: globalThis.listeners, sawClosed: globalThis.sawClosed }));

rule('mounted twice, one connection is left', async (page) => {
  await shown(page, { who: 'first' });
  assert.deepEqual(await state(page), { asked: ['first', 'first'], listeners: 1, sawClosed: 0 });
});

rule('unmounted, none is left', async (page) => {
  await shown(page, { who: 'first' });
  await page.evaluate(() => globalThis.hide());
  await page.waitForFunction(() => globalThis.listeners === 0);
});

rule('unmounted before it is connected, none is left', async (page) => {
  await page.addInitScript(countListeners);
  await page.goto(`${origin}/?api=${api}`);
  await page.evaluate(() => {
    globalThis.held = new Promise((resolve) => (globalThis.letGo = resolve));
    globalThis.show({ who: 'first' });
  });
  await page.waitForFunction(() => globalThis.asked.length === 2);
  await page.evaluate(() => {
    globalThis.hide();
    globalThis.letGo();
  });
  await page.waitForFunction(() => globalThis.listeners === 0);
});

rule('the same options in a new object make no new connection', async (page) => {
  await shown(page, { who: 'first' });
  await show(page, { who: 'second' });
  assert.deepEqual(await state(page), { asked: ['first', 'first'], listeners: 1, sawClosed: 0 });
});

rule('a refresh asks the function of the last render', async (page) => {
  await shown(page, { who: 'first', life: 5 });
  await show(page, { who: 'second' });
  await page.waitForFunction(() => globalThis.asked.at(-1) === 'second');
});

rule('other options make another connection, and no component sees the one that is closed', async (page) => {
  await shown(page, { who: 'first' });
  await page.evaluate(() => globalThis.show({ who: 'second', scopes: ['floor:readPrivate'] }));
  await page.waitForFunction(() => globalThis.asked.at(-1) === 'second');
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
  assert.deepEqual(await state(page), { asked: ['first', 'first', 'second'], listeners: 1, sawClosed: 0 });
});
