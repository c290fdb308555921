// Tokens from a provider: which responses fail, when the next token is requested, and what close() ends.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  backend,
  countCalls,
  createTemporaryToken,
  findRequests,
  findUnreachableUrl,
  inPage,
  waitForAbort,
} from './backend.mjs';
import { rule } from './demo.mjs';

// The tests mostly wait, so some of them run at the same time.
describe('a provider', { concurrency: 4 }, () => {
  rule('that fails, hangs or returns no token is reported with the reason', {}, async (page) => {
    const cases = [
      ['/error', 'provider_failed', /status 500/, true, 500],
      ['/missing', 'provider_failed', /status 404/, false, 404],
      ['/page', 'provider_failed', /not JSON/, false, 0],
      ['/shape', 'provider_failed', /authorization, expiresAt/, false, 0],
      ['/reset', 'provider_failed', /could not be reached/, true, 0],
      [await findUnreachableUrl(), 'provider_failed', /could not be reached/, true, 0],
      ['/expired', 'provider_stale', /expired or already in use/, true, 0],
      ['/forbidden', 'provider_forbidden', /no more/, false, 403],
      ['/hang?connect', 'provider_timeout', /did not answer/, true, 0],
    ];
    await page.goto(backend);
    await Promise.all(
      cases.map(async ([provider, code, words, retryable, status]) => {
        const error = await inPage(
          page,
          ({ connect, api, argument }) => connect({ api, provider: argument }),
          provider,
        );
        assert.deepEqual(
          [error.name, error.code, error.status, error.retryable],
          ['DaypassError', code, status, retryable],
          provider,
        );
        assert.match(error.message, words);
        assert.ok(error.help.length > 20);
      }),
    );
  });

  rule('that fails once is called again, and the token stays in use', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/flaky?life=5' });
      const events = [];
      for (const type of ['refreshing', 'refreshed', 'failed', 'expired']) {
        daypass.addEventListener(type, ({ detail }) =>
          events.push([type, detail?.error?.code, detail?.retryInSeconds > 0]),
        );
      }
      await new Promise((resolve) => daypass.addEventListener('refreshed', resolve));
      const { status } = await daypass.fetch('/v2/floor/first');
      daypass.close();
      return { events, status, peek: daypass.peek() };
    });
    const names = seen.events.map(([type]) => type).filter((type) => type !== 'expired');
    assert.deepEqual(names, ['refreshing', 'failed', 'refreshing', 'refreshed']);
    assert.deepEqual(
      seen.events.find(([type]) => type === 'failed'),
      ['failed', 'provider_failed', true],
    );
    assert.deepEqual([seen.status, seen.peek], [200, null]);
  });

  rule('is called once for all callers that wait at the same time', {}, async (page) => {
    const same = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/token?shared' });
      const all = await Promise.all(Array.from({ length: 50 }, () => daypass.authorization()));
      daypass.close();
      return new Set(all).size;
    });
    assert.deepEqual([same, countCalls('/token?shared')], [1, 1]);
  });

  rule('that returns the same token again is reported as stale, and the token stays in use', {}, async (page) => {
    await page.clock.install();
    await inPage(page, async ({ connect, api }) => {
      window.daypass = await connect({ api, provider: '/same?life=600' });
      window.first = daypass.peek();
      window.refreshed = [];
      daypass.addEventListener('refreshed', () => refreshed.push(1));
      window.failure = new Promise((resolve) => daypass.addEventListener('failed', ({ detail }) => resolve(detail)));
    });
    // 75 to 85 % of the lifetime are 450 to 510 seconds.
    await page.clock.fastForward(520_000);
    const seen = await page.evaluate(async () => {
      const { error, retryInSeconds } = await window.failure;
      const same = first !== null && daypass.peek() === first;
      const { status } = await daypass.fetch('/v2/floor/first');
      daypass.close();
      return { code: error.code, retryable: error.retryable, retries: retryInSeconds > 0, same, status, refreshed };
    });
    assert.deepEqual(seen, {
      code: 'provider_stale',
      retryable: true,
      retries: true,
      same: true,
      status: 200,
      refreshed: [],
    });
    assert.equal(countCalls('/same?life=600'), 2);
  });

  rule('may return a token that expires before the one in use', {}, async (page) => {
    const first = await createTemporaryToken(600);
    await page.clock.install();
    await page.goto(backend);
    await inPage(
      page,
      async ({ connect, api, argument }) => {
        window.daypass = await connect({ api, provider: '/token?life=30', temporaryToken: argument });
        window.first = daypass.peek();
        window.events = [];
        for (const type of ['refreshed', 'failed', 'expired'])
          daypass.addEventListener(type, ({ detail }) => events.push([type, detail?.lifetimeSeconds]));
      },
      first,
    );
    assert.equal(countCalls('/token?life=30'), 0, 'the first token needs no refresh yet');
    // 75 to 85 % of the lifetime are 450 to 510 seconds.
    await page.clock.fastForward(520_000);
    await page.waitForFunction(() => window.events.length > 0);
    const seen = await page.evaluate(async () => {
      const { secondsLeft } = daypass.describe();
      const replaced = daypass.peek() !== first;
      const { status } = await daypass.fetch('/v2/floor/first');
      daypass.close();
      return { secondsLeft, replaced, status, events };
    });
    const [[type, life], ...more] = seen.events;
    assert.deepEqual([type, more, seen.replaced, seen.status], ['refreshed', [], true, 200]);
    assert.ok(life > 27 && life <= 30 && seen.secondsLeft <= 30, `${life} ${seen.secondsLeft}`);
    assert.equal(countCalls('/token?life=30'), 1);
  });

  rule('and all pending calls are aborted by close()', {}, async (page) => {
    const token = await createTemporaryToken();
    const seen = await inPage(
      page,
      async ({ connect, api, ownApi, sleep, settle, argument }) => {
        const sending = await connect({ api: ownApi, temporaryToken: argument });
        // Its token expires, and the provider never responds.
        const temporaryToken = { authorization: 'Bearer short', expiresAt: Math.floor(Date.now() / 1000) + 2 };
        const waiting = await connect({ api, provider: '/hang?close', temporaryToken });
        await new Promise((resolve) => waiting.addEventListener('expired', resolve));
        const closed = [];
        for (const daypass of [waiting, sending]) daypass.addEventListener('closed', () => closed.push(daypass.peek()));
        const pending = {
          authorization: waiting.authorization(),
          fetch: waiting.fetch('/v2/floor/first'),
          response: sending.fetch('/hang?api-close'),
        };
        const race = Promise.race([...Object.values(pending), sleep(500)]).then(
          (early) => early?.status ?? 'none',
          ({ code }) => code,
        );
        const early = await race;
        const endings = Object.entries(pending).map(async ([name, promise]) => [name, await settle(promise)]);
        waiting.close();
        sending.close();
        const late = [
          settle(waiting.authorization()),
          settle(waiting.fetch('/v2/floor/first')),
          settle(sending.fetch('/ok?late')),
        ];
        return {
          early,
          endings: Object.fromEntries(await Promise.all(endings)),
          late: await Promise.all(late),
          closed,
        };
      },
      token,
    );
    assert.deepEqual([seen.early, seen.closed], ['none', [null, null]]);
    assert.deepEqual(Object.keys(seen.endings), ['authorization', 'fetch', 'response']);
    for (const { name, code, retryable, after } of [...Object.values(seen.endings), ...seen.late]) {
      assert.deepEqual([name, code, retryable], ['DaypassError', 'closed', false]);
      assert.ok(after < 500, `${after} ms`);
    }
    assert.equal(countCalls('/hang?close'), 1);
    assert.deepEqual([await waitForAbort('/hang?close'), await waitForAbort('/hang?api-close')], [true, true]);
    assert.deepEqual(
      findRequests('/ok').filter(({ url }) => url === '/ok?late'),
      [],
    );
  });

  rule('that is a function is not aborted by close(), and its late token is ignored', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, initialise, api, sleep, settle, argument }) => {
        await initialise();
        const temporaryToken = { authorization: 'Bearer short', expiresAt: Math.floor(Date.now() / 1000) + 2 };
        let answer;
        const daypass = await connect({
          api,
          temporaryToken,
          provider: () => new Promise((resolve) => (answer = resolve)),
        });
        await new Promise((resolve) => daypass.addEventListener('expired', resolve));
        const events = [];
        for (const type of ['refreshed', 'failed']) daypass.addEventListener(type, () => events.push(type));
        const waits = settle(daypass.authorization());
        daypass.close();
        const { code } = await waits;
        answer(argument);
        await sleep(200);
        return { code, events, peek: daypass.peek() };
      },
      await createTemporaryToken(),
    );
    assert.deepEqual(seen, { code: 'closed', events: [], peek: null });
  });

  rule('is called on while only listeners refer to the connection', {}, async (page) => {
    await inPage(
      page,
      async ({ connect, api, argument: provider }) => {
        window.seen = [];
        const daypass = await connect({ api, provider });
        for (const type of ['refreshed', 'failed', 'expired', 'closed'])
          daypass.addEventListener(type, () => window.seen.push(type));
      },
      '/token?forgotten&life=6',
    );
    let seen = [];
    for (let i = 0; i < 20 && seen.length === 0; i++) {
      await page.requestGC();
      await page.waitForTimeout(500);
      seen = await page.evaluate(() => window.seen);
    }
    assert.deepEqual(seen, ['refreshed']);
  });

  rule('does not keep a closed connection in memory', {}, async (page) => {
    await inPage(
      page,
      async ({ connect, api, publishableToken, argument }) => {
        window.connections = [];
        for (let i = 0; i < 20; i++) {
          const way = [{ publishableToken }, { provider: `/token?memory=${i}` }, { temporaryToken: argument }][i % 3];
          const daypass = await connect({ api, ...way });
          daypass.addEventListener('closed', () => daypass.peek());
          await daypass.fetch('/v2/floor/ground');
          daypass.close();
          window.connections.push(new WeakRef(daypass));
        }
      },
      await createTemporaryToken(),
    );
    let alive = 20;
    for (let i = 0; i < 20 && alive > 2; i++) {
      await page.requestGC();
      alive = await page.evaluate(() => window.connections.filter((connection) => connection.deref()).length);
    }
    assert.equal(await page.evaluate(() => window.connections.length), 20);
    assert.ok(alive <= 2, `${alive} of 20 are alive`);
  });

  rule('returned a token that does not age by being read', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/token?peek' });
      const now = () => performance.now() / 1_000;
      const read = () => [now(), daypass.describe().secondsLeft, now()];
      const [start, before, started] = read();
      let reads = 0;
      for (; now() - start < 4; reads++) daypass.peek();
      const [ending, after, end] = read();
      daypass.close();
      return { reads, aged: before - after, least: ending - started, most: end - start };
    });
    assert.ok(seen.reads > 1_000, `${seen.reads} reads`);
    assert.ok(seen.aged >= seen.least - 0.1 && seen.aged < seen.most + 0.6, JSON.stringify(seen));
  });
});
