// The React entry in a page: StrictMode, changed options, unmounting.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { api, rule, run, serve, site, tool } from './world.mjs';

/** Counts the connections that listen on the window. */
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

/** Opens a page that shows the component with these properties, and waits for the API's response. */
async function open(page, properties) {
  await page.addInitScript(countListeners);
  await page.goto(`${origin}/?api=${api}`);
  await show(page, properties);
}

async function show(page, properties) {
  await page.evaluate((properties) => globalThis.show(properties), properties);
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
}

const readState = (page) =>
  page.evaluate(() => ({ calls: globalThis.calls, listeners: globalThis.listeners, sawClosed: globalThis.sawClosed }));

rule('one connection is left after StrictMode mounts twice', async (page) => {
  await open(page, { who: 'first' });
  assert.deepEqual(await readState(page), { calls: ['first'], listeners: 1, sawClosed: 0 });
});

rule('no connection is left after unmounting', async (page) => {
  await open(page, { who: 'first' });
  await page.evaluate(() => globalThis.hide());
  await page.waitForFunction(() => globalThis.listeners === 0);
});

rule('no connection is left after unmounting before it was open', async (page) => {
  await page.addInitScript(countListeners);
  await page.goto(`${origin}/?api=${api}`);
  await page.evaluate(() => {
    globalThis.held = new Promise((resolve) => (globalThis.release = resolve));
    globalThis.show({ who: 'first' });
  });
  await page.waitForFunction(() => globalThis.calls.length === 2);
  await page.evaluate(() => {
    globalThis.hide();
    globalThis.release();
  });
  await page.waitForFunction(() => globalThis.listeners === 0);
});

rule('equal options in a new object open no new connection', async (page) => {
  await open(page, { who: 'first' });
  await show(page, { who: 'second' });
  assert.deepEqual(await readState(page), { calls: ['first'], listeners: 1, sawClosed: 0 });
});

rule('a refresh calls the function of the latest render', async (page) => {
  await open(page, { who: 'first', life: 5 });
  await show(page, { who: 'second' });
  await page.waitForFunction(() => globalThis.calls.at(-1) === 'second');
});

rule('changed options open another connection, and no component sees the closed one', async (page) => {
  await open(page, { who: 'first' });
  await page.evaluate(() => globalThis.show({ who: 'second', scopes: ['floor:readPrivate'] }));
  await page.waitForFunction(() => globalThis.calls.at(-1) === 'second');
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
  assert.deepEqual(await readState(page), { calls: ['first', 'second'], listeners: 1, sawClosed: 0 });
});

rule('another visitor, named by `share`, gets a connection of their own', async (page) => {
  await open(page, { who: 'first', share: 'first' });
  await show(page, { who: 'second', share: 'second' });
  await page.waitForFunction(() => globalThis.calls.at(-1) === 'second');
});

/** Opens a page whose backend fails with this status, and waits for the error's code. */
async function openFailing(page, status, code) {
  await page.addInitScript(countListeners);
  await page.goto(`${origin}/?api=${api}`);
  await page.evaluate((status) => {
    globalThis.failure = status;
    globalThis.show({ who: 'first' });
  }, status);
  await page.locator('#answer', { hasText: code }).waitFor();
}

rule('after a failure that may pass, it connects by itself', async (page) => {
  await openFailing(page, 503, 'provider_failed');
  await page.evaluate(() => (globalThis.failure = 0));
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
  assert.equal((await readState(page)).listeners, 1);
});

rule('unmounting ends the waiting', async (page) => {
  await openFailing(page, 503, 'provider_failed');
  await page.evaluate(() => globalThis.hide());
  await page.waitForFunction(() => globalThis.listeners === 0);
  const { calls, listeners } = await readState(page);
  await page.waitForTimeout(1_500);
  assert.deepEqual([(await readState(page)).calls.length, listeners], [calls.length, 0]);
});

rule('after a failure for good it does not call the provider again, until retry()', async (page) => {
  await openFailing(page, 403, 'provider_forbidden');
  const { calls } = await readState(page);
  await page.waitForTimeout(1_500);
  assert.equal((await readState(page)).calls.length, calls.length);
  await page.evaluate(() => {
    globalThis.failure = 0;
    globalThis.retry();
  });
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
});

rule('after a refresh that is refused for good, the error is shown, and retry() opens another connection', async (page) => {
  await open(page, { who: 'first' });
  await page.evaluate(() => {
    globalThis.failure = 401;
    globalThis.daypass.refresh().catch(() => {});
  });
  await page.locator('#answer', { hasText: 'provider_unauthorized' }).waitFor();
  await page.evaluate(() => {
    globalThis.failure = 0;
    globalThis.retry();
  });
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
  assert.equal((await readState(page)).listeners, 1);
});

rule('a connection that was closed by somebody else is an error, and retry() opens another', async (page) => {
  await open(page, { who: 'first' });
  await page.evaluate(() => globalThis.daypass.close());
  await page.locator('#answer', { hasText: 'closed' }).waitFor();
  await page.evaluate(() => globalThis.retry());
  await page.locator('#answer', { hasText: 'the first floor' }).waitFor();
});
