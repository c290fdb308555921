// Scripts without a bundler, in pages and in workers, under the strictest policy that each entry supports.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { launchBrowser } from '../engine.mjs';
import { effectsOf } from './effects.mjs';
import { floor } from './site/floor.js';
import { csp, installed, rule, serve, showFloor } from './world.mjs';

const dist = join(installed, 'dist');
const API = "const api = new URLSearchParams(location.search).get('api');";
const SHOW = "const show = (text) => (document.getElementById('answer').textContent = text);";
const html = (...scripts) => `<!doctype html><title>A page</title><p id="answer"></p>${scripts.join('')}`;

const module = (entry) => `import { connect } from '/${entry}.js';\n${API}\n${floor}`;
const classic = `${API}\n${floor}\nconst { connect } = daypass;`;

/** Each entry: the policy, the type of script, and the code. */
const SCRIPTS = [
  ['the default entry', csp.wasm, 'module', module('index')],
  ['the entry without WebAssembly', csp.nowasm, 'module', module('nowasm')],
  ['the classic script', csp.wasm, 'classic', classic],
];

for (const [name, policy, type, code] of SCRIPTS) {
  const isModule = type === 'module';
  const worker = isModule ? code : `importScripts('/global.js');\n${code}`;

  rule(`${name} in a page`, async (page) => {
    const scripts = isModule
      ? ['<script type="module" src="/page.js"></script>']
      : ['<script src="/global.js"></script>', '<script src="/page.js"></script>'];
    const routes = { '/index.html': html(...scripts), '/page.js': `${code}\n${SHOW}\nfloor(connect, api).then(show);` };
    await showFloor(page, `${await serve(dist, policy, routes)}/`);
  });

  rule(`${name} in a worker`, async (page) => {
    const routes = {
      '/index.html': html('<script src="/page.js"></script>'),
      '/page.js': `${SHOW}
        const worker = new Worker('/worker.js' + location.search, { type: '${type}' });
        worker.onmessage = ({ data }) => show(data);`,
      '/worker.js': `${worker}\nfloor(connect, api).then(postMessage);`,
    };
    await showFloor(page, `${await serve(dist, policy, routes)}/`);
  });

  rule(`${name} in a service worker`, async (page) => {
    const routes = {
      '/index.html': html('<script src="/page.js"></script>'),
      '/page.js': `${SHOW}
        navigator.serviceWorker.onmessage = ({ data }) => show(data);
        navigator.serviceWorker.register('/worker.js' + location.search, { type: '${type}' });
        navigator.serviceWorker.ready.then(({ active }) => active.postMessage(''));`,
      '/worker.js': `${worker}
        const answer = async ({ source }) => source.postMessage(await floor(connect, api));
        onmessage = (event) => event.waitUntil(answer(event));`,
    };
    await showFloor(page, `${await serve(dist, policy, routes)}/`);
  });
}

test('the entry without WebAssembly, in a browser that has none', { timeout: 120_000 }, async () => {
  // As in the lockdown modes of browsers: V8 compiles nothing.
  const browser = await launchBrowser({ more: ['--js-flags=--jitless'] });
  try {
    const page = await browser.newPage();
    const routes = {
      '/index.html': html('<script type="module" src="/page.js"></script>'),
      '/page.js': `${module('nowasm')}\n${SHOW}\nfloor(connect, api).then(show);`,
    };
    await showFloor(page, `${await serve(dist, csp.nowasm, routes)}/`);
    assert.equal(await page.evaluate(() => typeof WebAssembly), 'undefined');
  } finally {
    await browser.close();
  }
});

for (const entry of ['index', 'nowasm', 'types']) {
  rule(`importing ${entry}.js into a page has no side effects`, async (page) => {
    await page.goto(`${await serve(dist, undefined, { '/index.html': html() })}/`);
    assert.deepEqual(await page.evaluate(`(${effectsOf})(() => import('/${entry}.js'))`), []);
  });
}

rule('the classic script makes its one global and has no other side effects', async (page) => {
  await page.goto(`${await serve(dist, undefined, { '/index.html': html() })}/`);
  const load = `() => new Promise((resolve) => {
    const script = document.createElement('script');
    Object.assign(script, { src: '/global.js', onload: resolve });
    document.head.append(script);
  })`;
  assert.deepEqual(await page.evaluate(`(${effectsOf})(${load})`), ['daypass']);
});
