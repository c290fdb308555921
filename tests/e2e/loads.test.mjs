// What a browser loads with a publishable token, and from which pages: images, videos, fonts, links, redirects.
// A proxy in front of the product's API passes each request on as the browser sent it, and notes what the API said.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { bidiSession, engine, launchBrowser } from '../engine.mjs';
import { info, rule } from './demo.mjs';

/** Starts a server for the tests of this file and returns its port. */
async function serve(answer, upgrade) {
  const server = createServer(answer);
  if (upgrade) server.on('upgrade', upgrade);
  await new Promise((resolve) => server.listen(0, resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

/** What the API said to the load of this name, and the request's headers. */
const verdicts = new Map();
const waiting = new Map();

function note(name, verdict) {
  if (!verdicts.has(name)) verdicts.set(name, verdict);
  waiting.get(name)?.();
}

/** Waits until the API has judged the load of this name. */
async function verdictOn(name) {
  if (!verdicts.has(name)) await new Promise((resolve) => waiting.set(name, resolve));
  return verdicts.get(name);
}

/** Asks the API for the public floor, with the headers that the browser sent. */
async function forward({ method, headers, url }) {
  const { connection, upgrade, ...rest } = headers;
  const target = new URL(`/v2/floor/ground?pubtoken=${info.publishableToken}`, info.api);
  const response = await new Promise((resolve, reject) => {
    httpRequest(target, { method, headers: { ...rest, 'content-length': 0 } }, resolve).on('error', reject).end();
  });
  const chunks = await response.toArray();
  const { error, origin, help } = JSON.parse(Buffer.concat(chunks).toString());
  // Behind the layer: the API has no such method.
  const said = response.statusCode === 200 || error === 'method_not_allowed' ? 'admitted' : error;
  note(new URL(url, target).searchParams.get('name'), { said, origin, help, headers, vary: response.headers.vary });
  return response.headers['access-control-allow-origin'];
}

/** The proxy. Every load ends without content, so that no page is left for it. */
const proxy = await serve(
  async (request, response) => {
    const readable = await forward(request);
    if (readable) response.setHeader('Access-Control-Allow-Origin', readable);
    response.writeHead(204, { 'Cache-Control': 'no-store' }).end();
  },
  async (request, socket) => {
    await forward(request);
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
  },
);
const urlOf = (name, port = proxy) => `http://127.0.0.1:${port}/v2/floor/ground?name=${encodeURIComponent(name)}`;

const PAGE = '<!doctype html><title>A customer</title><link rel="icon" href="data:,">';

/** The customers' sites: one server, which is another origin for each name of this machine. */
const sites = await serve((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://site');
  if (searchParams.has('policy')) response.setHeader('Referrer-Policy', searchParams.get('policy'));
  const type = { '/worker.js': 'text/javascript', '/style.css': 'text/css' }[pathname] ?? 'text/html';
  response.setHeader('Content-Type', type).setHeader('Access-Control-Allow-Origin', '*');
  if (pathname === '/redirect') response.writeHead(302, { Location: searchParams.get('to') }).end();
  else if (pathname === '/style.css') response.end(`body { background-image: url("${searchParams.get('url')}") }`);
  else if (pathname === '/worker.js')
    response.end(`
      addEventListener('install', () => skipWaiting());
      addEventListener('activate', (event) => event.waitUntil(clients.claim()));
      addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));`);
  else if (pathname === '/sandbox')
    response.end(`${PAGE}<iframe sandbox="allow-scripts" src="/"></iframe>`);
  else response.end(PAGE);
});
/** The token is for `127.0.0.1`. */
const site = `http://127.0.0.1:${sites}`;
const foreign = `http://localhost:${sites}`;

/** How a page loads a URL, and whether the request has an `Origin`. */
const LOADS = {
  image: [(url) => (new Image().src = url), false],
  'image with crossorigin': [(url) => Object.assign(new Image(), { crossOrigin: '', src: url }), true],
  video: [(url) => document.body.append(Object.assign(document.createElement('video'), { src: url })), false],
  background: [
    (url) =>
      document.head.append(
        Object.assign(document.createElement('style'), { textContent: `body { background: url("${url}") }` }),
      ),
    false,
  ],
  mask: [(url) => (document.body.style.maskImage = `url("${url}")`), true],
  font: [(url) => void new FontFace('a', `url("${url}")`).load().catch(() => {}), true],
  script: [(url) => document.body.append(Object.assign(document.createElement('script'), { src: url })), false],
  module: [(url) => void import(url).catch(() => {}), true],
  stylesheet: [
    (url) => document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: url })),
    false,
  ],
  prefetch: [
    (url) => document.head.append(Object.assign(document.createElement('link'), { rel: 'prefetch', href: url })),
    false,
  ],
  download: [(url) => Object.assign(document.createElement('a'), { href: url, download: 'floor' }).click(), false],
  frame: [(url) => document.body.append(Object.assign(document.createElement('iframe'), { src: url })), false],
  fetch: [(url) => void fetch(url).catch(() => {}), true],
  'fetch without CORS': [(url) => void fetch(url, { mode: 'no-cors' }).catch(() => {}), false],
  beacon: [(url) => navigator.sendBeacon(url), true],
  EventSource: [(url) => void new EventSource(url), true],
  WebSocket: [(url) => void new WebSocket(url.replace('http', 'ws')), true],
};

let loads = 0;
/** Loads a URL of the API in a page or frame in one of these ways, and returns what the API said. */
async function load(where, way, wrap = (url) => url) {
  loads += 1;
  const name = `${way} ${loads}`;
  await where.evaluate(`(${LOADS[way][0]})(${JSON.stringify(wrap(urlOf(name)))})`);
  return verdictOn(name);
}

describe('a publishable token in a browser', () => {
  for (const [way, [, hasOrigin]] of Object.entries(LOADS)) {
    rule(`is accepted for a load of the kind ${way} on its own pages alone`, {}, async (page) => {
      await page.goto(site);
      const allowed = await load(page, way);
      assert.equal(allowed.said, 'admitted');
      assert.equal('origin' in allowed.headers, hasOrigin);
      const vary = hasOrigin ? 'Origin' : 'Origin, Referer, Sec-Fetch-Site, Sec-Fetch-Mode';
      assert.equal(allowed.vary, vary);
      if (way === 'video') assert.match(allowed.headers.range, /^bytes=0-/);

      await page.goto(foreign);
      const refused = await load(page, way);
      assert.deepEqual([refused.said, refused.origin], ['origin_not_allowed', foreign]);

      await page.goto(`${site}/?policy=no-referrer`);
      const hidden = await load(page, way);
      // Firefox hides such a page's beacon too. Chromium sends the Referer of what a style sheet in the page loads.
      const isNull = way === 'beacon' && engine === 'firefox';
      const isKnown = hasOrigin || (way === 'background' && engine === 'chromium');
      assert.equal(hidden.said, isNull ? 'origin_not_allowed' : isKnown ? 'admitted' : 'origin_required');
      if (!isKnown) assert.match(hidden.help, /crossorigin.*referrer policy/);
    });
  }

  rule('counts for the page, not for what redirects its loads', {}, async (page) => {
    const by = (origin) => (url) => `${origin}/redirect?to=${encodeURIComponent(url)}`;
    await page.goto(site);
    assert.equal((await load(page, 'image', by(foreign))).said, 'admitted');
    assert.equal((await load(page, 'fetch', by(site))).said, 'admitted');
    const { said, origin } = await load(page, 'fetch', by(foreign));
    assert.deepEqual([said, origin], ['origin_not_allowed', 'null']);
    await page.goto(foreign);
    for (const way of ['image', 'frame', 'download', 'fetch']) {
      assert.equal((await load(page, way, by(site))).said, 'origin_not_allowed', way);
    }
  });

  rule('is refused in a sandboxed frame, which is no page of the site', {}, async (page) => {
    await page.goto(`${site}/sandbox`);
    const frame = page.frames().find((frame) => frame.parentFrame());
    for (const way of ['image', 'fetch']) {
      // Firefox also sends a Referer with the image: that of the site.
      const { said, origin } = await load(frame, way);
      assert.deepEqual([said, origin], ['origin_not_allowed', 'null'], way);
    }
  });

  rule("counts for the page's service worker too", {}, async (page) => {
    for (const [home, image, fetched] of [
      [site, 'admitted', 'admitted'],
      [foreign, 'origin_not_allowed', 'origin_not_allowed'],
    ]) {
      await page.goto(home);
      await page.evaluate(async () => {
        await navigator.serviceWorker.register('/worker.js');
        if (!navigator.serviceWorker.controller) {
          await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
        }
      });
      assert.equal((await load(page, 'image')).said, image);
      assert.equal((await load(page, 'fetch')).said, fetched);
    }
  });

  rule('counts for the stylesheet whose images another page shows', {}, async (page) => {
    // What the documentation says of stylesheets: they are the page of what they load.
    for (const [home, other, said] of [
      [foreign, site, 'admitted'],
      [site, foreign, 'origin_not_allowed'],
    ]) {
      await page.goto(home);
      const style = (url) => `${other}/style.css?url=${encodeURIComponent(url)}`;
      assert.equal((await load(page, 'stylesheet', style)).said, said);
    }
  });

  rule("is accepted on the API's own origin, where a GET has no Origin", {}, async (page) => {
    const home = new URL('/a-page', info.api).href;
    for (const policy of ['strict-origin-when-cross-origin', 'no-referrer']) {
      const response = { contentType: 'text/html', headers: { 'Referrer-Policy': policy }, body: PAGE };
      await page.route(home, (route) => route.fulfill(response));
      await page.goto(home);
      const statuses = await page.evaluate(async (token) => {
        const url = `/v2/floor/ground?pubtoken=${token}`;
        const ask = async (method) => (await fetch(url, { method })).status;
        return [await ask('GET'), await ask('HEAD'), await ask('DELETE')];
      }, info.publishableToken);
      // The API has no DELETE there.
      assert.deepEqual(statuses, [200, 200, 405], policy);
      await page.unroute(home);
    }
  });
});

/** Starts a browser with an extension that may reach this machine and fetches a URL; returns the browser. */
async function launchWithExtension(folder, url) {
  const hosts = ['http://127.0.0.1/*'];
  const firefoxOnly = {
    manifest_version: 2,
    permissions: hosts,
    background: { scripts: ['background.js'] },
    browser_specific_settings: { gecko: { id: 'floors@northlight.example' } },
  };
  const background = { service_worker: 'background.js' };
  const chromiumOnly = { manifest_version: 3, host_permissions: hosts, background };
  const manifest = { name: 'Floors', version: '1', ...(engine === 'firefox' ? firefoxOnly : chromiumOnly) };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'background.js'), `fetch(${JSON.stringify(url)}).catch(() => {});`);
  if (engine === 'firefox') {
    const browser = await launchBrowser();
    await bidiSession(browser).send('webExtension.install', { extensionData: { type: 'path', path: folder } });
    return browser;
  }
  const more = [
    `--load-extension=${folder}`,
    `--disable-extensions-except=${folder}`,
    '--disable-features=DisableLoadExtensionCommandLineSwitch',
  ];
  return launchBrowser({ more, ignoreDefaultArgs: ['--disable-extensions'] });
}

test('an extension with host permissions is no page', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'daypass-extension-'));
  const browser = await launchWithExtension(folder, urlOf('extension'));
  try {
    const { said, help, headers } = await verdictOn('extension');
    assert.deepEqual([headers.origin, headers.referer], [undefined, undefined]);
    // Firefox says that an extension which may do all on the API's origin is of that origin.
    assert.equal(headers['sec-fetch-site'], engine === 'firefox' ? 'same-origin' : 'none');
    assert.equal(said, engine === 'firefox' ? 'admitted' : 'origin_required');
    if (engine !== 'firefox') assert.match(help, /browser extension/);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
});
