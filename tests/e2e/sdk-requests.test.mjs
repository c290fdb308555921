// Requests of all kinds through `fetch`: those that are told to wait, of a service worker, with cookies, with streams.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, createTemporaryToken, findRequests, inPage, ownApi } from './backend.mjs';
import { engine } from '../engine.mjs';
import { digest, info, rule } from './demo.mjs';

/** Firefox sends the text `[object ReadableStream]` in the place of a stream. */
const sendsStreams = engine === 'chromium';

describe('fetch', { concurrency: 3 }, () => {
  rule('waits as long as the API asks, and then sends the request once more', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, ownApi, publishableToken, settle }) => {
      const daypass = await connect({ api: ownApi, publishableToken });
      const get = async (path, init) => {
        const { value, after, name } = await settle(daypass.fetch(path, init));
        return [value?.status ?? name, after];
      };
      const tiles = await Promise.all(Array.from({ length: 60 }, (_, at) => get(`/slow-down?tile=${at}`)));
      const date = await get('/slow-down?after=date');
      const body = await get('/slow-down?body', { method: 'PUT', body: 'as it was' });
      const unavailable = await get('/slow-down?status=503');
      const twice = await get('/slow-down?times=2');
      const zero = await get('/slow-down?after=0');
      const past = await get('/slow-down?after=soon');
      return { tiles, others: [date, body, unavailable, twice, zero, past] };
    });
    assert.deepEqual([...new Set(seen.tiles.map(([status]) => status))], [200]);
    assert.ok(seen.tiles.every(([, after]) => after >= 1_000 && after < 4_000), JSON.stringify(seen.tiles));
    assert.deepEqual(
      seen.others.map(([status]) => status),
      [200, 200, 200, 200, 200, 429],
      'what cannot be read as a time does not count',
    );
    const [date, body, , twice, zero] = seen.others.map(([, after]) => after);
    assert.ok(date > 500 && date < 4_000 && body >= 1_000 && twice >= 2_000 && zero >= 1_000, JSON.stringify(seen.others));
    const bodies = findRequests('/slow-down').filter(({ url }) => url.startsWith('/slow-down?body'));
    assert.deepEqual(bodies.map(({ body }) => body), ['as it was', 'as it was']);
  });

  rule('does not wait longer than its limit, or when it is told not to, or for what it cannot send twice', {}, async (page) => {
    await page.goto(backend);
    let streams = 0;
    await page.route(/\/slow-down\?stream/, async (route) => {
      streams += 1;
      const headers = { 'Access-Control-Allow-Origin': backend, 'Access-Control-Expose-Headers': 'Retry-After', 'Retry-After': '1' };
      await route.fulfill({ status: 429, headers, json: {} });
    });
    const seen = await inPage(page, async ({ connect, ownApi, publishableToken, settle }) => {
      const get = async (limit, path, init) => {
        const daypass = await connect({ api: ownApi, publishableToken, ...limit });
        const { value, after, code } = await settle(daypass.fetch(path, init));
        daypass.close();
        return [value?.status ?? code, Math.round(after / 100) / 10];
      };
      const stream = new Blob(['text']).stream();
      return Promise.all([
        get({}, '/slow-down?limit=default&after=11'),
        get({ maxRetryAfterSeconds: 0 }, '/slow-down?limit=0'),
        get({ maxRetryAfterSeconds: 2 }, '/slow-down?limit=2&after=3'),
        get({ maxRetryAfterSeconds: 2.5 }, '/slow-down?limit=2.5&times=9'),
        get({ maxRetryAfterSeconds: 1 }, '/slow-down?limit=1'),
        get({ maxRetryAfterSeconds: Infinity }, '/slow-down?after=soon&limit'),
        get({}, '/slow-down?stream', { method: 'POST', body: stream, duplex: 'half' }),
      ]);
    });
    const streamed = sendsStreams ? 429 : 'stream_not_supported';
    assert.deepEqual(seen.map(([status]) => status), [429, 429, 429, 429, 200, 429, streamed]);
    for (const way of ['limit=default', 'limit=0', 'limit=2&', 'after=soon&limit']) {
      const sent = findRequests('/slow-down').filter(({ url }) => url.includes(way));
      assert.equal(sent.length, 1, way);
    }
    assert.ok(seen[3][1] >= 2 && seen[3][1] < 4, JSON.stringify(seen));
    assert.equal(streams, sendsStreams ? 1 : 0);
  });

  rule('leaves no timer when it is aborted or closed while it waits, and never floods', {}, async (page) => {
    await page.goto(backend);
    const seen = await inPage(page, async ({ connect, ownApi, publishableToken, settle, sleep }) => {
      await (await connect({ api: ownApi, publishableToken })).close();
      const timers = new Set();
      const { setTimeout, clearTimeout } = globalThis;
      globalThis.setTimeout = (callback, milliseconds, ...more) => {
        const timer = setTimeout(callback, milliseconds, ...more);
        if (milliseconds > 1_000) timers.add(timer);
        return timer;
      };
      globalThis.clearTimeout = (timer) => (timers.delete(timer), clearTimeout(timer));
      const limit = { maxRetryAfterSeconds: Infinity };
      const daypass = await connect({ api: ownApi, publishableToken, ...limit });
      const controller = new AbortController();
      const aborted = settle(daypass.fetch('/slow-down?after=5&aborted', { signal: controller.signal }));
      // Longer than a browser's timer can be.
      const closed = settle(daypass.fetch('/slow-down?times=99&after=4000000'));
      for (let i = 0; i < 50 && timers.size < 2; i++) await sleep(100);
      const most = timers.size;
      const aborting = performance.now();
      controller.abort();
      const { name } = await aborted;
      const isSoon = performance.now() - aborting < 500;
      daypass.close();
      const { code } = await closed;
      await sleep(0);
      return { most, name, isSoon, code, left: timers.size };
    });
    assert.deepEqual(seen, { most: 2, name: 'AbortError', isSoon: true, code: 'closed', left: 0 });
    assert.equal(findRequests('/slow-down').filter(({ url }) => url.includes('after=4000000')).length, 1);
  });

  rule('sends the no-cors request of an image with the token, as a service worker gets it', {}, async (page) => {
    await page.goto(backend);
    const ready = await inPage(
      page,
      async ({ ownApi, publishableToken, argument: temporaryToken }) => {
        document.cookie = 'visitor=1';
        await navigator.serviceWorker.register('/worker.js', { type: 'module' });
        const { active } = await navigator.serviceWorker.ready;
        if (!navigator.serviceWorker.controller)
          await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
        const { port1, port2 } = new MessageChannel();
        const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
        active.postMessage([{ api: ownApi, temporaryToken }, { api: ownApi, publishableToken }], [port2]);
        const text = await answer;
        const load = (way) =>
          new Promise((resolve) => {
            const image = new Image();
            image.onload = image.onerror = resolve;
            image.src = `${ownApi}/ok?way=${way}&image`;
          });
        await Promise.all([load(0), load(1)]);
        await fetch(`${ownApi}/ok?way=0&beacon`, { method: 'POST', mode: 'no-cors', body: 'text' }).catch(() => {});
        return text;
      },
      await createTemporaryToken(),
    );
    assert.equal(ready, 'ready');
    const images = findRequests('/ok').filter(({ url }) => url.includes('&image'));
    assert.equal(images.length, 2);
    const [temporary, publishable] = ['way=0', 'way=1'].map((way) => images.find(({ url }) => url.includes(way)));
    assert.notEqual(temporary.token, digest(''));
    assert.ok(publishable.url.includes('pubtoken=') && publishable.token === digest(''));
    assert.deepEqual([temporary, publishable].map(({ headers }) => headers['sec-fetch-mode']), ['cors', 'cors']);
    const beacon = findRequests('/ok').find(({ url }) => url.includes('&beacon'));
    assert.deepEqual([beacon.method, beacon.body, beacon.token !== digest('')], ['POST', 'text', true]);
  });

  rule('sends cookies where the caller says so and the API allows it', {}, async (page) => {
    const statuses = await inPage(
      page,
      async ({ connect, ownApi, publishableToken, argument: temporaryToken }) => {
        document.cookie = 'visitor=1';
        const all = [];
        for (const options of [{ temporaryToken }, { publishableToken }]) {
          const daypass = await connect({ api: ownApi, ...options });
          for (const credentials of ['include', 'omit', 'same-origin'])
            all.push((await daypass.fetch(`/ok?cookies=${credentials}`, { credentials })).status);
          daypass.close();
        }
        return all;
      },
      await createTemporaryToken(),
    );
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200]);
    const sent = findRequests('/ok').filter(({ url }) => url.includes('cookies='));
    assert.deepEqual(
      sent.map(({ headers }) => headers.cookie),
      ['visitor=1', undefined, undefined, 'visitor=1', undefined, undefined],
    );
  });

  rule('refuses a stream where the browser would send its name, before anything is sent', {}, async (page) => {
    await page.goto(backend);
    const send = async ({ connect, ownApi, settle, argument: temporaryToken }) => {
      const daypass = await connect({ api: ownApi, temporaryToken });
      const put = async (body) => {
        const { code, status, value } = await settle(
          daypass.fetch('/ok?streams', { method: 'PUT', body, duplex: 'half' }),
        );
        return code ?? value?.status ?? status;
      };
      async function* parts() {
        yield new TextEncoder().encode('part');
      }
      const iterable = await put(parts());
      const stream = await put(new Blob(['text']).stream());
      const text = await put('text');
      daypass.close();
      return { iterable, stream, text };
    };
    const token = await createTemporaryToken();
    // Chromium sends streams, but not over HTTP/1.1, and knows no iterables.
    assert.deepEqual(await inPage(page, send, token), {
      iterable: 'stream_not_supported',
      stream: sendsStreams ? 'network_failed' : 'stream_not_supported',
      text: 200,
    });
    // Firefox takes no stream: there the body is a text.
    await page.evaluate(() => {
      const { Request } = globalThis;
      globalThis.Request = class extends Request {
        constructor(input, init) {
          super(input, init?.body instanceof ReadableStream ? { ...init, body: String(init.body) } : init);
        }
      };
    });
    assert.deepEqual(await inPage(page, send, token), {
      iterable: 'stream_not_supported',
      stream: 'stream_not_supported',
      text: 200,
    });
    const bodies = findRequests('/ok').filter(({ url }) => url.startsWith('/ok?streams'));
    assert.deepEqual(bodies.map(({ body }) => body), ['text', 'text']);
  });
});
