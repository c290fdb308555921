// The Space API's own client, `@archilogic/floor-plan-sdk`, unchanged: it reads and draws a floor of the product's API.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { engine, launchBrowser } from '../engine.mjs';
import { colors, info, redact } from './demo.mjs';

const CLIENT = new URL('systems/node_modules/@archilogic/floor-plan-sdk/dist/', import.meta.url);

const HTML = `<!doctype html><meta charset="utf-8"><title>Floor</title>
<link rel="stylesheet" href="/style.css">
<style>html, body { margin: 0 } #plan { width: 900px; height: 600px }</style><div id="plan"></div>`;

/** How long a temporary token lives, in seconds: the demo's minimum is 5. */
const LIFE = 5;

const TYPES = { '/fpe.js': 'text/javascript', '/style.css': 'text/css' };
/** A page of a customer with the client, on an origin of its own, which the publishable token allows. */
const server = createServer(async ({ url }, response) => {
  const type = TYPES[url] ?? 'text/html';
  const body = url in TYPES ? await readFile(new URL(`.${url}`, CLIENT)) : HTML;
  response.writeHead(200, { 'Content-Type': type }).end(body);
});
/** It draws with WebGL, so the browser has a driver that needs no graphics card. */
const WITH_WEBGL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

const skip = engine !== 'chromium' && 'its WebGL needs flags that only Chromium has';
let browser;
before(async () => {
  if (skip) return;
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  browser = await launchBrowser({ more: WITH_WEBGL });
});
after(async () => {
  await browser?.close();
  server.close();
});

/** Runs a test with a page that has loaded the client. SECURITY: a failure is reported without tokens. */
function withClient(name, body) {
  test(name, { timeout: 60_000, skip }, async () => {
    const page = await (await browser.newContext({ viewport: { width: 900, height: 600 } })).newPage();
    try {
      await page.exposeFunction('backend', askBackend);
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.evaluate(async (api) => {
        const { FloorPlanEngine, setApiUrls } = await import('/fpe.js');
        setApiUrls({ spaceApiUrl: api });
        globalThis.plan = new FloorPlanEngine({ container: document.querySelector('#plan') });
        const failed = (error) => `${error.message ?? error}`;
        globalThis.load = (id, options) => plan.loadFloorById(id, options).catch(failed);
      }, info.api);
      await body(page);
    } catch (error) {
      throw Object.assign(new Error(redact(error.message)), { stack: redact(error.stack ?? '') });
    } finally {
      await page.context().close();
    }
  });
}

/** What a customer's backend does for its page. */
async function askBackend(request) {
  const body = JSON.stringify(request);
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${info.site}/floor-token`, { method: 'POST', headers, body });
  assert.equal(response.status, 200);
  return response.json();
}

/** Expects that the client has these rooms, and that a picture of them is on the screen. */
async function expectDrawn(page, floor) {
  const { rooms } = await readFloor(floor);
  const spaces = await page.evaluate(() => plan.layout.spaces.map(({ id }) => id));
  assert.deepEqual(spaces.sort(), rooms.map(({ id }) => id).sort());
  const box = await page.locator('#plan').boundingBox();
  const count = await colors(page, await page.screenshot(), box);
  // An empty canvas has 2.
  assert.ok(count > 10, `a drawing, not an empty canvas: ${count} colours`);
}

async function readFloor(id) {
  const headers = { Authorization: `Bearer ${info.secretToken}` };
  return (await fetch(`${info.api}/v2/floor/${id}`, { headers })).json();
}

withClient('it draws the public floor with a publishable token', async (page) => {
  const options = { publishableAccessToken: info.publishableToken };
  const loaded = await page.evaluate((given) => load('ground', given), options);
  assert.equal(loaded, true);
  await expectDrawn(page, 'ground');
});

withClient('it draws a private floor with a temporary token, again after our SDK has refreshed it', async (page) => {
  const first = await page.evaluate(async ([embed, api, durationSeconds]) => {
    const { connect } = await import(`${embed}/daypass/index.js`);
    const scopes = ['floor:readPrivate'];
    // The client asks for no token: the page hands it the one that our SDK keeps fresh.
    globalThis.current = async () => {
      const authorization = await daypass.authorization();
      const { exp } = JSON.parse(atob(authorization.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
      return { authorization, expiresAt: exp };
    };
    globalThis.daypass = await connect({ api, scopes, durationSeconds, provider: (request) => backend(request) });
    globalThis.old = await current();
    return load('first', { temporaryAccessToken: old });
  }, [info.embed, info.api, LIFE]);
  assert.equal(first, true);
  await expectDrawn(page, 'first');

  const [isNew, isOver, again, refused] = await page.evaluate(async () => {
    while (Date.now() / 1000 <= old.expiresAt + 1) await new Promise((resolve) => setTimeout(resolve, 200));
    const next = await current();
    const again = await load('first', { temporaryAccessToken: next });
    const refused = await load('first', { temporaryAccessToken: { ...old, expiresAt: next.expiresAt } });
    return [next.authorization !== old.authorization, next.expiresAt > old.expiresAt, again, refused];
  });
  assert.deepEqual([isNew, isOver, again], [true, true, true]);
  await expectDrawn(page, 'first');
  assert.match(refused, /^The token has expired/, 'the client shows our message');
});

withClient('it shows our messages for refusals that its page may read', async (page) => {
  const cases = [
    ['first', { publishableAccessToken: info.publishableToken }, /The token lacks the scope floor:readPrivate/],
    ['ground', { publishableAccessToken: info.revokedToken }, /The token was revoked/],
    ['ground', { secretAccessToken: info.secretToken }, /A token of kind secret was sent by a browser/],
    ['ground', { temporaryAccessToken: { authorization: 'Bearer x', expiresAt: 4e9 } }, /The token is not valid/],
    // SECURITY: a page of an origin that the token does not allow cannot read why.
    ['ground', { publishableAccessToken: info.foreignToken }, /internet connection|Failed to fetch/],
  ];
  for (const [floor, options, message] of cases) {
    assert.match(String(await page.evaluate(([id, given]) => load(id, given), [floor, options])), message);
  }
});
