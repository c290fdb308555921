// Requests that could go wrong silently: without a token, twice, or with what a page put in the platform's place.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, describe } from 'node:test';
import { createTemporaryToken, inPage } from './backend.mjs';
import { rule } from './demo.mjs';

/** What the API got: its method, path, whether with a credential, body and the time of the proof against ours. */
const log = [];
const ALLOWED = { 'Access-Control-Allow-Headers': 'authorization, content-type, dpop, x-own', 'Access-Control-Allow-Methods': 'GET, PUT, POST' };
const EXPOSED = { 'Access-Control-Expose-Headers': 'Date, WWW-Authenticate, DPoP-Nonce' };
const server = createServer(async (request, response) => {
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  if (request.method === 'OPTIONS') return response.writeHead(204, ALLOWED).end();
  const body = Buffer.concat(await request.toArray()).toString();
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  const { authorization = '', dpop, 'sec-fetch-mode': mode, 'x-own': own } = request.headers;
  const proof = dpop && JSON.parse(Buffer.from(dpop.split('.')[1], 'base64url'));
  const fits = !proof || (new URL(proof.htu).pathname === pathname && proof.htm === request.method);
  const isAuthorized = (searchParams.has('pubtoken') || authorization.startsWith('Bearer ') || !!proof) && fits;
  const skew = proof && Math.abs(proof.iat - Date.now() / 1000) > 30;
  log.push({ method: request.method, path: pathname, isAuthorized, body, mode, own, skew });
  const end = (status, headers = {}, said = {}) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...EXPOSED, ...headers }).end(JSON.stringify(said));
  if (pathname.startsWith('/status/')) return end(Number(pathname.split('/')[2]));
  if (pathname === '/early') return end(307, { Location: '/done' });
  if (!isAuthorized) return end(401, { 'WWW-Authenticate': 'DPoP error="invalid_dpop_proof"' });
  if (pathname === '/submit') return end(303, { Location: '/done' });
  if (pathname === '/late') return end(307, { Location: '/done' });
  const old = { 'Cache-Control': 'private, max-age=3600', Date: new Date(Date.now() - 600_000).toUTCString() };
  return end(200, pathname === '/cached' ? old : {});
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const mine = `http://127.0.0.1:${server.address().port}`;
const take = (path) => log.filter((request) => request.path === path);

describe('a request', { concurrency: 2 }, () => {
  rule('that may not carry a header becomes one that may', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, argument: { mine, temporaryToken } }) => {
        const daypass = await connect({ api: mine, temporaryToken });
        const mode = 'no-cors';
        const all = [
          await daypass.fetch('/mode', { mode }),
          await daypass.fetch('/mode', { mode, credentials: 'include' }),
          await daypass.fetch(new Request(`${mine}/mode`), { mode }),
          await daypass.fetch(new Request(`${mine}/mode`, { mode }), { credentials: 'include' }),
        ];
        return all.map(({ type, status }) => `${type} ${status}`);
      },
      { mine, temporaryToken: await createTemporaryToken() },
    );
    assert.deepEqual(seen, Array(4).fill('cors 200'));
    assert.ok(take('/mode').every(({ isAuthorized, mode }) => isAuthorized && mode === 'cors'));
  });

  rule('that changes something is not sent again where it is redirected', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, describe, publishableToken, argument: mine }) => {
        const found = {};
        for (const [way, options] of Object.entries({ publishable: { publishableToken }, bound: { provider: '/bound?safety', dpop: true } })) {
          const daypass = await connect({ api: mine, ...options });
          const answer = (path, init) => daypass.fetch(path, init).then(({ status }) => status, describe);
          found[way] = [
            await answer('/submit', { method: 'POST', body: 'order' }),
            await answer(new Request(`${mine}/submit`, { method: 'POST', body: 'order' })),
            await answer('/early'),
            await answer('/late'),
          ];
          daypass.close();
        }
        return found;
      },
      mine,
    );
    assert.deepEqual(seen.publishable, [401, 401, 200, 200]);
    const [one, other, early, late] = seen.bound;
    assert.equal(early, 200);
    for (const { code, message, retryable } of [one, other, late])
      assert.deepEqual([code, /redirect/.test(message), retryable], ['network_failed', true, false]);
    assert.equal(take('/submit').filter(({ isAuthorized }) => isAuthorized).length, 4);
    assert.deepEqual(take('/done').filter(({ method, isAuthorized }) => method === 'POST' || !isAuthorized).map(({ body }) => body).filter(Boolean), []);
  });

  rule('has the options that it inherits, or has from another request', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, argument: { mine, temporaryToken } }) => {
        const daypass = await connect({ api: mine, temporaryToken });
        class Init {
          get method() {
            return 'PUT';
          }
          get body() {
            return 'b';
          }
          get headers() {
            return { 'x-own': '1' };
          }
        }
        const init = { method: 'PUT', body: 'b', headers: { 'x-own': '1' } };
        const all = [new Init(), Object.create(init), new Request(`${mine}/other`, init), init];
        const statuses = [];
        for (const given of all) statuses.push((await daypass.fetch('/init', given)).status);
        const throwing = Object.defineProperty({}, 'method', {
          enumerable: true,
          get() {
            throw new RangeError('mine');
          },
        });
        return [...statuses, await daypass.fetch('/init', throwing).catch(({ name }) => name)];
      },
      { mine, temporaryToken: await createTemporaryToken() },
    );
    assert.deepEqual(seen, [200, 200, 200, 200, 'RangeError']);
    assert.deepEqual(
      take('/init').map(({ method, body, own }) => [method, body, own]),
      Array(4).fill(['PUT', 'b', '1']),
    );
  });

  rule('fails with an error of ours where a page has replaced fetch, or a signal', {}, async (page) => {
    const { found, errors } = await inPage(
      page,
      async ({ connect, describe, publishableToken, argument: mine }) => {
        const errors = [];
        addEventListener('error', ({ message }) => errors.push(message));
        const real = globalThis.fetch;
        const mocks = {
          undefined: async () => undefined,
          null: async () => null,
          text: async () => 'x',
          bare: async () => ({ status: 401, ok: false, headers: new Headers(), json: async () => ({}) }),
        };
        const found = {};
        for (const [name, mock] of Object.entries(mocks)) {
          const daypass = await connect({ api: mine, publishableToken });
          globalThis.fetch = mock;
          found[name] = [
            await daypass.fetch('/x').then(({ status }) => status, ({ code }) => code),
            await connect({ api: mine, provider: '/token', timeoutSeconds: 0.5 }).catch(({ code }) => code),
          ];
          globalThis.fetch = real;
          daypass.close();
        }
        const { signal } = new AbortController();
        Object.defineProperty(signal, 'aborted', {
          get() {
            throw new RangeError('mine');
          },
        });
        const daypass = await connect({ api: mine, provider: '/token', signal }).catch(describe);
        found.signal = [daypass.code ?? 'connected'];
        return { found, errors };
      },
      mine,
    );
    const failed = ['network_failed', 'provider_failed'];
    assert.deepEqual(found, { undefined: failed, null: failed, text: failed, bare: [401, 'provider_unauthorized'], signal: ['connected'] });
    assert.deepEqual(errors, []);
  });
});

describe('a proof', { concurrency: 2 }, () => {
  rule('has the time of this device, unless the API refuses it', {}, async (page) => {
    const methods = await inPage(
      page,
      async ({ connect, argument: mine }) => {
        const daypass = await connect({ api: mine, provider: '/bound?cached', dpop: true });
        for (const path of ['/cached', '/fresh', '/fresh']) await daypass.fetch(path);
        const claims = ({ DPoP }) => JSON.parse(atob(DPoP.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
        return [claims(await daypass.headers('/x', 'get')).htm, claims((await daypass.authorize('/x', 'POST')).headers).htm];
      },
      mine,
    );
    assert.deepEqual(methods, ['GET', 'POST']);
    assert.deepEqual(take('/fresh').map(({ skew }) => skew), [false, false]);
  });

  rule('needs no database that answers, and leaves nothing behind', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, argument: mine }) => {
        const errors = [];
        addEventListener('error', ({ message }) => errors.push(message));
        const timers = new Set();
        const { setTimeout, clearTimeout } = globalThis;
        globalThis.setTimeout = (callback, milliseconds) => {
          const timer = setTimeout(() => (timers.delete(timer), callback()), milliseconds);
          timers.add(timer);
          return timer;
        };
        globalThis.clearTimeout = (timer) => (timers.delete(timer), clearTimeout(timer));
        (await connect({ api: mine, provider: '/bound?key-1', dpop: true })).close();
        const left = timers.size;
        const requests = [];
        const open = () => requests[requests.push(new EventTarget()) - 1];
        Object.defineProperty(globalThis, 'indexedDB', { configurable: true, value: { open } });
        const daypass = await connect({ api: mine, provider: '/bound?key-2', dpop: true });
        // It answers now.
        const [request] = requests;
        const calls = [];
        request.result = { createObjectStore: () => calls.push('store'), close: () => calls.push('close') };
        request.onupgradeneeded({ type: 'upgradeneeded', target: request });
        request.onsuccess({ type: 'success', target: request });
        const { status } = await daypass.fetch('/x');
        daypass.close();
        return { left, calls, errors, status, after: timers.size };
      },
      mine,
    );
    assert.deepEqual(seen, { left: 0, calls: ['store', 'close'], errors: [], status: 200, after: 0 });
  });
});
