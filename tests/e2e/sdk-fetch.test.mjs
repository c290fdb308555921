// `fetch` of the SDK: what it sends, what a 401 causes, and when it ends.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { engine } from '../engine.mjs';
import {
  backend,
  countCalls,
  createTemporaryToken,
  findRequests,
  findUnreachableUrl,
  inPage,
  ownApi,
  waitForAbort,
} from './backend.mjs';
import { asksFor, digest, info, requests, rule } from './demo.mjs';

/** Counts the requests with each token, in the order in which the tokens were first used. */
function countByToken(all) {
  const counts = new Map();
  for (const request of all) {
    const token = digest(request.headers().authorization);
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return [...counts.values()];
}

/** Filters the requests to this path of the real API. */
const filterByPath = (seen, path) => seen.filter((request) => request.url() === new URL(path, info.api).href);

describe('fetch', { concurrency: 3 }, () => {
  rule('causes one refresh for all after a 401, and one replay of each request', {}, async (page) => {
    await page.goto(backend);
    const seen = requests(page);
    const twenty = async ({ connect, api, sleep, argument }) => {
      const daypass = await connect({ api, provider: argument.provider });
      await sleep(argument.after);
      const sentAt = performance.now();
      const all = await Promise.all(Array.from({ length: 20 }, () => daypass.fetch(argument.path)));
      const isTimely = performance.now() - sentAt < 500;
      daypass.close();
      return {
        statuses: [...new Set(all.map(({ status }) => status))],
        used: all.filter(({ bodyUsed }) => bodyUsed).length,
        isTimely,
      };
    };
    const cases = [
      // A rejected first token; a token that expired a second ago; and two rejected tokens, after which the 401 stands.
      {
        provider: '/rejected?twenty',
        after: 0,
        path: '/v2/floor/first?rejected',
        statuses: [200],
        calls: 2,
        sent: [20, 20],
      },
      {
        provider: '/overstated?twenty',
        after: 6_000,
        path: '/v2/floor/first?overstated',
        statuses: [200],
        calls: 2,
        sent: [20, 20],
      },
      {
        provider: '/rejected?bad=9',
        after: 0,
        path: '/v2/floor/first?both',
        statuses: [401],
        calls: 2,
        sent: [20, 20],
      },
    ];
    await Promise.all(
      cases.map(async ({ statuses, calls, sent, ...argument }) => {
        const { provider, path } = argument;
        const { isTimely, ...others } = await inPage(page, twenty, argument);
        assert.deepEqual(others, { statuses, used: 0 }, provider);
        // After half a second, the shortest back-off, another token may be fetched in place of one that was rejected too.
        const isRejected = statuses.includes(401);
        const count = countCalls(provider);
        assert.ok(count === calls || (isRejected && !isTimely && count === calls + 1), `${provider}: ${count} calls`);
        assert.deepEqual(countByToken(filterByPath(seen, path)), sent, provider);
      }),
    );
  });

  rule('neither refreshes nor replays after a 403', {}, async (page) => {
    const seen = requests(page);
    const statuses = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/token?forbidden' });
      const all = [await daypass.fetch('/v2/floor/ground'), await daypass.fetch('/v2/floor/ground')];
      const error = await daypass.refusal(all[0]);
      daypass.close();
      return [...all.map(({ status }) => status), error.code];
    });
    assert.deepEqual(statuses, [403, 403, 'insufficient_scope']);
    assert.deepEqual(countByToken(seen.filter(asksFor('ground'))), [2]);
    assert.equal(countCalls('/token?forbidden'), 1);
  });

  rule('replays a body, unless it is a stream', {}, async (page) => {
    await page.goto(backend);
    const seen = requests(page);
    // Chromium sends streams over HTTP/2 only, and the API speaks HTTP/1.1: the test responds in its place.
    let streams = 0;
    await page.route(/\?stream/, async (route) => {
      streams += 1;
      const status = new URL(route.request().url()).searchParams.get('stream');
      const headers = {
        'Access-Control-Allow-Origin': backend,
        'Access-Control-Expose-Headers': 'WWW-Authenticate',
        'WWW-Authenticate': 'Bearer error="invalid_token"',
      };
      await route.fulfill({ status: Number(status), headers, json: {} });
    });
    const results = await inPage(page, async ({ connect, api, describe }) => {
      const { name } = await connect({ api, provider: '/token?name' })
        .then((daypass) => daypass.fetch('/v2/floor/first'))
        .then((response) => response.json());
      const text = JSON.stringify({ name });
      const path = '/v2/floor/first/name';
      const headers = { 'Content-Type': 'application/json' };
      const put = async (kind, url, body, more) => {
        const daypass = await connect({ api, provider: `/rejected?put=${kind}` });
        const options = { method: 'PUT', headers, body, ...more };
        const response = await daypass.fetch(url, options).catch(describe);
        const answer = response.status === 200 && response.json ? await response.json() : {};
        daypass.close();
        return [response.code ?? response.status, answer.name === name];
      };
      return {
        text: await put('text', `${path}?text`, text),
        blob: await put('blob', `${path}?blob`, new Blob([text])),
        bytes: await put('bytes', `${path}?bytes`, new TextEncoder().encode(text)),
        stream: await put('stream', `${path}?stream=401`, new Blob([text]).stream(), { duplex: 'half' }),
        accepted: await put('accepted', `${path}?stream=200`, new Blob([text]).stream(), { duplex: 'half' }),
      };
    });
    // Firefox sends no streams, but the text `[object ReadableStream]` in their place.
    const isSent = engine === 'chromium';
    assert.deepEqual(results, {
      text: [200, true],
      blob: [200, true],
      bytes: [200, true],
      stream: [isSent ? 'body_not_replayable' : 'stream_not_supported', false],
      accepted: [isSent ? 200 : 'stream_not_supported', false],
    });
    for (const kind of ['text', 'blob', 'bytes']) {
      assert.deepEqual(countByToken(filterByPath(seen, `/v2/floor/first/name?${kind}`)), [1, 1], kind);
      assert.equal(countCalls(`/rejected?put=${kind}`), 2, kind);
    }
    assert.equal(streams, isSent ? 2 : 0, 'each stream was sent once, where it can be');
    assert.deepEqual([countCalls('/rejected?put=stream'), countCalls('/rejected?put=accepted')], [isSent ? 2 : 1, 1]);
  });

  rule('keeps the connection when a path has its own reason for a 401', {}, async (page) => {
    await page.goto(backend);
    const both = async ({ connect, ownApi, sleep, argument }) => {
      const daypass = await connect({ api: ownApi, provider: `/token?own=${argument}` });
      const statuses = { own: [], other: [] };
      const lost = [];
      for (const type of ['failed', 'expired']) daypass.addEventListener(type, () => lost.push(type));
      const end = performance.now() + 4_000;
      while (performance.now() < end || statuses.own.length <= 10) {
        const [own, other] = await Promise.all([daypass.fetch(`/${argument}`), daypass.fetch(`/ok?own=${argument}`)]);
        statuses.own.push(own.status);
        statuses.other.push(other.status);
        await sleep(150);
      }
      daypass.close();
      return {
        own: [...new Set(statuses.own)],
        other: [...new Set(statuses.other)],
        rounds: statuses.own.length,
        lost,
      };
    };
    const [basic, bare, unreadable, invalid] = await Promise.all(
      ['basic', 'bare', 'unreadable', 'invalid'].map((kind) => inPage(page, both, kind)),
    );
    for (const seen of [basic, bare, unreadable, invalid]) {
      assert.ok(seen.rounds > 10, `${seen.rounds} rounds`);
      assert.deepEqual({ ...seen, rounds: 0 }, { own: [401], other: [200], rounds: 0, lost: [] });
    }
    assert.equal(countCalls('/token?own=basic'), 1, 'this 401 says that the token is not the reason');
    assert.equal(findRequests('/basic').length, basic.rounds);
    // The token is replaced at once, then after a growing back-off: 0.5 to 1 s, 1 to 2 s, 2 to 4 s.
    for (const [kind, { rounds }] of Object.entries({ bare, unreadable, invalid })) {
      const calls = countCalls(`/token?own=${kind}`);
      assert.ok(calls >= 3 && calls <= 5, `${kind}: ${calls} calls`);
      assert.equal(findRequests(`/${kind}`).length, rounds + calls - 1, `${kind}: one replay for each new token`);
    }
  });

  rule('does not send the token along when the API redirects to another origin', {}, async (page) => {
    const { code, status } = await inPage(
      page,
      async ({ connect, ownApi, argument: temporaryToken }) => {
        const daypass = await connect({ api: ownApi, temporaryToken });
        const { status } = await daypass.fetch('/moved/floor', { keepalive: true });
        return { status };
      },
      await createTemporaryToken(),
    );
    assert.deepEqual([code, status], [undefined, 404]);
    const [[here], [there]] = [findRequests('/moved/floor'), findRequests('/elsewhere/moved/floor')];
    assert.notEqual(here.token, digest(''));
    assert.equal(there.token, digest(''));
  });

  rule('sends a Request as the browser does', {}, async (page) => {
    await inPage(page, async ({ connect, ownApi, publishableToken }) => {
      const temporary = await connect({ api: ownApi, provider: '/token?native' });
      const publishable = await connect({ api: ownApi, publishableToken });
      const common = {
        headers: { 'Content-Type': 'text/own', 'X-Own': 'kept' },
        credentials: 'include',
        cache: 'no-store',
      };
      const put = { ...common, method: 'PUT', body: 'Straße', referrerPolicy: 'no-referrer' };
      const get = { ...common, referrerPolicy: 'unsafe-url' };
      const init = { headers: { 'X-Own': 'changed' } };
      document.cookie = 'visitor=1';
      for (const [options, ...more] of [[put], [get], [put, init], [get, init]]) {
        for (const send of [fetch, (...all) => temporary.fetch(...all), (...all) => publishable.fetch(...all)]) {
          await send(new Request(`${ownApi}/request`, options), ...more);
        }
      }
    });
    const names = ['content-type', 'x-own', 'cookie', 'cache-control', 'referer'];
    const sent = findRequests('/request').map(({ method, headers, body }) => [
      method,
      body,
      ...names.map((name) => headers[name]),
    ]);
    assert.equal(sent.length, 12);
    assert.deepEqual(sent[0], ['PUT', 'Straße', 'text/own', 'kept', 'visitor=1', 'no-cache', undefined]);
    while (sent.length > 0) {
      const [native, temporary, publishable] = sent.splice(0, 3);
      assert.deepEqual(temporary, native);
      assert.deepEqual(publishable, native);
    }
  });

  rule('sends a Request with a body to the API', {}, async (page) => {
    const seen = requests(page);
    const results = await inPage(page, async ({ connect, api, publishableToken }) => {
      const temporary = await connect({ api, provider: '/token?request' });
      const { name } = await (await temporary.fetch(new Request(new URL('/v2/floor/first', api)))).json();
      const put = (kind) =>
        new Request(new URL(`/v2/floor/first/name?${kind}`, api), {
          method: 'PUT',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ name }),
        });
      const accepted = await temporary.fetch(put('accepted'));
      const publishable = await connect({ api, publishableToken });
      const refused = await publishable.fetch(put('refused'));
      return {
        accepted: [accepted.status, accepted.ok && (await accepted.json()).name === name],
        refused: [refused.status, (await publishable.refusal(refused)).code],
      };
    });
    assert.deepEqual(results.accepted, [200, true]);
    assert.deepEqual(results.refused, [403, 'insufficient_scope']);
    const [sent, ...more] = filterByPath(seen, '/v2/floor/first/name?accepted');
    assert.deepEqual([sent.method(), more.length], ['PUT', 0]);
  });

  rule('keeps the query byte for byte', {}, async (page) => {
    const paths = [
      "/query?q=a%20b~'c'&flag",
      '/query?a=1&a=2&b=%2B+%C3%A4&=',
      '/query?',
      '/query',
      '/query?x=%&y=é#part',
    ];
    await inPage(
      page,
      async ({ connect, publishableToken, ownApi, argument }) => {
        const publishable = await connect({ api: ownApi, publishableToken });
        const temporary = await connect({ api: ownApi, provider: '/token?query' });
        for (const path of argument) {
          await fetch(ownApi + path);
          await temporary.fetch(path);
          await publishable.fetch(path);
        }
      },
      paths,
    );
    const urls = findRequests('/query').map(({ url }) => url);
    assert.equal(urls.length, paths.length * 3);
    for (const path of paths) {
      const [plain, temporary, publishable] = urls
        .splice(0, 3)
        .map((url) => url.replace(info.publishableToken, 'TOKEN'));
      assert.equal(temporary, plain);
      const [, query] = plain.split('?');
      assert.equal(publishable, `${plain}${query === undefined ? '?' : query === '' ? '' : '&'}pubtoken=TOKEN`, path);
    }
    // The browser itself encodes this much of it.
    assert.equal(new URL(paths[0], ownApi).search, '?q=a%20b~%27c%27&flag');
  });

  rule('ends at once when its caller aborts, and in time without a response', {}, async (page) => {
    await page.goto(backend);
    const abortAll = async ({ connect, api, ownApi, service, hanging, publishableToken, sleep, settle, argument }) => {
      const sending = await connect({ api: ownApi, publishableToken });
      const unexplained = await connect({ api: argument, service: hanging, publishableToken });
      const explained = await connect({ api: argument, service, publishableToken });
      // Its token expires, and the provider never responds.
      const temporaryToken = { authorization: 'Bearer short', expiresAt: Math.floor(Date.now() / 1000) + 2 };
      const waiting = await connect({ api, provider: '/hang?abort', temporaryToken });
      await new Promise((resolve) => waiting.addEventListener('expired', resolve));
      const aborted = async (start) => {
        const controller = new AbortController();
        const end = settle(start(controller.signal));
        await sleep(300);
        controller.abort();
        return end;
      };
      const own = new AbortController();
      setTimeout(() => own.abort(new RangeError('mine')), 300);
      const url = new URL('/v2/floor/first', api);
      const all = {
        sending: aborted((signal) => sending.fetch('/hang?signal', { signal })),
        sendingRequest: aborted((signal) => sending.fetch(new Request(`${ownApi}/hang?request`, { signal }))),
        sendingTime: settle(sending.fetch('/hang?time', { signal: AbortSignal.timeout(300) })),
        waiting: aborted((signal) => waiting.fetch('/v2/floor/first', { signal })),
        waitingRequest: aborted((signal) => waiting.fetch(new Request(url, { signal }))),
        waitingTime: settle(waiting.fetch(url, { signal: AbortSignal.timeout(300) })),
        waitingReason: settle(waiting.fetch(url, { signal: own.signal })),
        explaining: aborted((signal) => unexplained.fetch('/v2/floor/ground', { signal })),
        before: settle(sending.fetch('/ok?before', { signal: AbortSignal.abort() })),
        unexplained: settle(unexplained.fetch('/v2/floor/ground')),
        explained: settle(explained.fetch('/v2/floor/ground')),
      };
      const endings = await Promise.all(Object.entries(all).map(async ([name, end]) => [name, await end]));
      waiting.close();
      return Object.fromEntries(endings);
    };
    const endings = await inPage(page, abortAll, await findUnreachableUrl());
    const names = Object.fromEntries(
      Object.entries(endings).map(([what, { name, code }]) => [what, name === 'DaypassError' ? code : name]),
    );
    assert.deepEqual(names, {
      sending: 'AbortError',
      sendingRequest: 'AbortError',
      sendingTime: 'TimeoutError',
      waiting: 'AbortError',
      waitingRequest: 'AbortError',
      waitingTime: 'TimeoutError',
      waitingReason: 'RangeError',
      explaining: 'AbortError',
      before: 'AbortError',
      unexplained: 'network_failed',
      explained: 'network_failed',
    });
    const { unexplained, explained, ...aborts } = endings;
    for (const [what, { after }] of Object.entries(aborts)) assert.ok(after < 1_300, `${what}: ${after} ms`);
    assert.ok(unexplained.after < 7_000 && explained.after < 3_000, `${unexplained.after} ms, ${explained.after} ms`);
    assert.deepEqual([unexplained.retryable, explained.retryable], [true, true]);
    assert.deepEqual(
      [await waitForAbort('/hang?signal'), findRequests('/ok').filter(({ url }) => url.startsWith('/ok?before'))],
      [true, []],
    );
  });
});
