// Tokens bound to a key of the browser: a stolen one is useless.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, findRequests, inPage, lastQuestion } from './backend.mjs';
import { info, requests, rule } from './demo.mjs';

const floor = new URL('/v2/floor/first', info.api);
const proofOf = (request) => JSON.parse(Buffer.from(request.headers().dpop.split('.')[1], 'base64url'));

/** Sends a stolen token to the API, and returns the response's status and code. */
async function sendStolen(headers) {
  const response = await fetch(floor, { headers });
  return [response.status, (await response.json()).error];
}

describe('dpop', { concurrency: 2 }, () => {
  rule('binds each token to a key that outlives the page, and sends a proof with each request', {}, async (page) => {
    const seen = requests(page);
    const read = async ({ connect, api, argument }) => {
      // A store that needs more than a second, as in a browser that has just started on a busy machine, counts as one that
      // never answers: the key would not be kept.
      const open = () =>
        new Promise((resolve, reject) => {
          const request = indexedDB.open('warm', 1);
          request.onsuccess = () => resolve(request.result.close());
          request.onerror = reject;
        });
      for (let began = 0; began === 0 || performance.now() - began > 200; ) {
        began = performance.now();
        await open();
      }
      const daypass = await connect({ api, provider: argument, dpop: true });
      const statuses = [
        (await daypass.fetch('/v2/floor/first')).status,
        (await daypass.fetch('/v2/floor/first')).status,
      ];
      const headers = await daypass.headers('/v2/floor/first?by=hand');
      const own = await fetch(new URL('/v2/floor/first?by=hand', api), { headers });
      const authorization = await daypass.authorization();
      let hook;
      try {
        daypass.transformRequest('/v2/floor/first');
      } catch ({ code }) {
        hook = code;
      }
      daypass.close();
      return { statuses: [...statuses, own.status], authorization, hook };
    };
    const first = await inPage(page, read, '/bound?first');
    assert.deepEqual([first.statuses, first.hook], [[200, 200, 200], 'dpop_required']);
    await page.goto(`${backend}/page`);
    const second = await inPage(page, read, '/bound?second');
    assert.deepEqual(second.statuses, [200, 200, 200]);

    const [one, other] = ['/bound?first', '/bound?second'].map((url) => lastQuestion(url).dpopJkt);
    assert.match(one, /^[\w-]{43}$/);
    assert.equal(other, one, 'the key is stored');
    const sent = seen.filter((request) => request.url().startsWith(floor.href) && request.method() === 'GET');
    assert.equal(sent.length, 6);
    assert.equal(new Set(sent.map((request) => proofOf(request).jti)).size, 6, 'each proof is new');
    assert.ok(sent.every((request) => proofOf(request).htu === floor.href && proofOf(request).htm === 'GET'));

    // A stolen token: alone, as a bearer token, and with a used proof.
    const { authorization } = first;
    assert.deepEqual(await sendStolen({ authorization }), [401, 'invalid_dpop_proof']);
    assert.deepEqual(await sendStolen({ authorization: authorization.replace('DPoP', 'Bearer') }), [
      401,
      'dpop_required',
    ]);
    assert.deepEqual(await sendStolen({ authorization, dpop: sent[0].headers().dpop }), [401, 'invalid_dpop_proof']);
  });

  rule('makes the proof for the method that is sent, however it is written', {}, async (page) => {
    const methods = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/bound?methods', dpop: true });
      const path = '/v2/floor/first';
      const all = [await daypass.headers(path, 'post'), (await daypass.authorize(path, 'post')).headers];
      all.push((await daypass.authorize(path, 'PATCH')).headers, (await daypass.authorize(path)).headers);
      // MapLibre passes the type of the resource.
      all.push((await daypass.authorize(path, 'Tile')).headers, (await daypass.authorize(path, 'TILE')).headers);
      daypass.close();
      return all.map(({ DPoP }) => JSON.parse(atob(DPoP.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).htm);
    });
    assert.deepEqual(methods, ['POST', 'POST', 'PATCH', 'GET', 'GET', 'GET']);
  });

  rule('makes a second proof, once, when the API requires a nonce', {}, async (page) => {
    const statuses = await inPage(page, async ({ connect, ownApi: api }) => {
      const daypass = await connect({ api, provider: '/bound?nonce', dpop: true });
      const all = [await daypass.fetch('/nonce'), await daypass.fetch('/nonce', { method: 'PUT', body: 'x' })];
      daypass.close();
      return all.map(({ status }) => status);
    });
    assert.deepEqual(statuses, [200, 200]);
    const sent = findRequests('/nonce').filter(({ url }) => !url.includes('three'));
    assert.deepEqual(
      sent.map(({ method }) => method),
      ['GET', 'GET', 'PUT'],
    );
    assert.equal(countCalls('/bound?nonce'), 1, 'the token is not the reason');
  });

  rule('makes second proofs for all requests that were sent before the nonce was known', {}, async (page) => {
    const statuses = await inPage(page, async ({ connect, ownApi: api }) => {
      const daypass = await connect({ api, provider: '/bound?nonces', dpop: true });
      const all = await Promise.all(Array.from({ length: 3 }, () => daypass.fetch('/nonce?three')));
      daypass.close();
      return all.map(({ status }) => status);
    });
    assert.deepEqual(statuses, [200, 200, 200]);
  });

  rule("uses the time of the API when the visitor's clock is wrong", {}, async (page) => {
    await page.clock.install({ time: Date.now() - 86_400_000 });
    const seen = requests(page);
    const status = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/bound?clock', dpop: true });
      const all = [await daypass.fetch('/v2/floor/first?clock'), await daypass.fetch('/v2/floor/first?clock')];
      daypass.close();
      return all.map(({ status }) => status);
    });
    assert.deepEqual(status, [200, 200]);
    assert.equal(seen.filter((request) => request.url().endsWith('/v2/floor/first?clock')).length, 3);
  });

  rule('reports a backend that does not pass the key to the service', {}, async (page) => {
    const error = await inPage(page, ({ connect, api }) => connect({ api, provider: '/token?unbound', dpop: true }));
    assert.equal(error.code, 'provider_failed');
    assert.match(error.message, /dpopJkt/);
  });

  for (const store of ['refuses', 'never responds'])
    rule(`works when the store ${store}`, {}, async (page) => {
      await page.addInitScript((store) => {
        const refused = () => {
          throw new DOMException('no', 'SecurityError');
        };
        Object.defineProperty(globalThis, 'indexedDB', {
          get: () => (store === 'refuses' ? refused() : { open: () => ({}) }),
        });
      }, store);
      const status = await inPage(page, async ({ connect, api }) => {
        const daypass = await connect({ api, provider: '/bound?memory', dpop: true });
        const { status } = await daypass.fetch('/v2/floor/first?memory');
        daypass.close();
        return status;
      });
      assert.equal(status, 200);
    });
});
