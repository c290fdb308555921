// Tokens from a provider: which answers are no tokens, when the next one is asked for, and what close() ends.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { asked, backend, givenUp, inPage, nowhere, receivedAt, temporary } from './backend.mjs';
import { rule } from './demo.mjs';

// The rules mostly wait, so some of them run at the same time.
describe('a provider', { concurrency: 4 }, () => {
  rule('that fails, hangs or answers nonsense is named', {}, async (page) => {
    const cases = [
      ['/error', 'provider_failed', /status 500/, true],
      ['/missing', 'provider_failed', /status 404/, true],
      ['/page', 'provider_failed', /not JSON/, true],
      ['/shape', 'provider_failed', /authorization, expiresAt/, true],
      ['/reset', 'provider_failed', /could not be reached/, true],
      [await nowhere(), 'provider_failed', /could not be reached/, true],
      ['/over', 'provider_stale', /over or already in use/, true],
      ['/forbidden', 'provider_forbidden', /no more/, false],
      ['/hang?connect', 'provider_timeout', /did not answer/, true],
    ];
    await page.goto(backend);
    await Promise.all(
      cases.map(async ([provider, code, words, retryable]) => {
        const told = await inPage(page, ({ connect, api, argument }) => connect({ api, provider: argument }), provider);
        assert.deepEqual(
          [told.name, told.code, told.status, told.retryable],
          ['DaypassError', code, 0, retryable],
          provider,
        );
        assert.match(told.message, words);
        assert.ok(told.help.length > 20);
      }),
    );
  });

  rule('that fails once is asked again, and the token in use stays', {}, async (page) => {
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

  rule('is asked once for all who wait at the same time', {}, async (page) => {
    const same = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/token?shared' });
      const all = await Promise.all(Array.from({ length: 50 }, () => daypass.authorization()));
      daypass.close();
      return new Set(all).size;
    });
    assert.deepEqual([same, asked('/token?shared')], [1, 1]);
  });

  rule('that answers the very same token again is told so, and the token stays in use', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/same?life=10' });
      const first = daypass.peek();
      const refreshed = [];
      daypass.addEventListener('refreshed', () => refreshed.push(1));
      const { error, retryInSeconds } = await new Promise((resolve) =>
        daypass.addEventListener('failed', ({ detail }) => resolve(detail)),
      );
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
    assert.equal(asked('/same?life=10'), 2);
  });

  rule('may answer with a token that ends before the one in use', {}, async (page) => {
    const first = await temporary(60);
    await page.clock.install();
    await page.goto(backend);
    await inPage(
      page,
      async ({ connect, api, argument }) => {
        window.daypass = await connect({ api, provider: '/token?life=5', temporaryToken: argument });
        window.first = daypass.peek();
        window.events = [];
        for (const type of ['refreshed', 'failed', 'expired'])
          daypass.addEventListener(type, ({ detail }) => events.push([type, detail?.lifetimeSeconds]));
      },
      first,
    );
    assert.equal(asked('/token?life=5'), 0, 'the first token is good for now');
    // 75 to 85 % of a life are 45 to 51 seconds.
    await page.clock.fastForward(52_000);
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
    assert.ok(life > 3 && life <= 5 && seen.secondsLeft <= 5, `${life} ${seen.secondsLeft}`);
    assert.equal(asked('/token?life=5'), 1);
  });

  rule('is given up by close(), and so is every call under way', {}, async (page) => {
    const given = await temporary();
    const seen = await inPage(
      page,
      async ({ connect, api, ownApi, sleep, ending, argument }) => {
        // Its token ends, and the next one never comes.
        const temporaryToken = { ...argument, expiresAt: Math.floor(Date.now() / 1000) + 2 };
        const waiting = await connect({ api, provider: '/hang?close', temporaryToken });
        const sending = await connect({ api: ownApi, temporaryToken: argument });
        await sleep(2_500);
        const closed = [];
        for (const daypass of [waiting, sending]) daypass.addEventListener('closed', () => closed.push(daypass.peek()));
        const under = {
          authorization: waiting.authorization(),
          fetch: waiting.fetch('/v2/floor/first'),
          answer: sending.fetch('/hang?close-api'),
        };
        const race = Promise.race([...Object.values(under), sleep(500)]).then(
          (early) => early?.status ?? 'none',
          ({ code }) => code,
        );
        const early = await race;
        const endings = Object.entries(under).map(async ([name, promise]) => [name, await ending(promise)]);
        waiting.close();
        sending.close();
        const late = [
          ending(waiting.authorization()),
          ending(waiting.fetch('/v2/floor/first')),
          ending(sending.fetch('/ok?late')),
        ];
        return {
          early,
          endings: Object.fromEntries(await Promise.all(endings)),
          late: await Promise.all(late),
          closed,
        };
      },
      given,
    );
    assert.deepEqual([seen.early, seen.closed], ['none', [null, null]]);
    assert.deepEqual(Object.keys(seen.endings), ['authorization', 'fetch', 'answer']);
    for (const { name, code, retryable, after } of [...Object.values(seen.endings), ...seen.late]) {
      assert.deepEqual([name, code, retryable], ['DaypassError', 'closed', false]);
      assert.ok(after < 500, `${after} ms`);
    }
    assert.equal(asked('/hang?close'), 1);
    assert.deepEqual([await givenUp('/hang?close'), await givenUp('/hang?close-api')], [true, true]);
    assert.deepEqual(
      receivedAt('/ok').filter(({ url }) => url === '/ok?late'),
      [],
    );
  });

  rule('that is a function is left alone by close(): its late answer is thrown away', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, api, sleep, ending, argument }) => {
        const temporaryToken = { ...argument, expiresAt: Math.floor(Date.now() / 1000) + 2 };
        let answer;
        const daypass = await connect({
          api,
          temporaryToken,
          provider: () => new Promise((resolve) => (answer = resolve)),
        });
        await sleep(2_500);
        const events = [];
        for (const type of ['refreshed', 'failed']) daypass.addEventListener(type, () => events.push(type));
        const waits = ending(daypass.authorization());
        daypass.close();
        const { code } = await waits;
        answer(argument);
        await sleep(200);
        return { code, events, peek: daypass.peek() };
      },
      await temporary(),
    );
    assert.deepEqual(seen, { code: 'closed', events: [], peek: null });
  });

  rule('goes on while nobody but its listeners knows of it', {}, async (page) => {
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
    for (let i = 0; i < 4; i++) {
      await page.requestGC();
      await page.waitForTimeout(1_700);
    }
    assert.deepEqual(await page.evaluate(() => window.seen), ['refreshed']);
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
      await temporary(),
    );
    let alive = 20;
    for (let i = 0; i < 20 && alive > 2; i++) {
      await page.requestGC();
      alive = await page.evaluate(() => window.connections.filter((connection) => connection.deref()).length);
    }
    assert.equal(await page.evaluate(() => window.connections.length), 20);
    assert.ok(alive <= 2, `${alive} of 20 are alive`);
  });

  rule('brought a token that does not age by being looked at', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api }) => {
      const daypass = await connect({ api, provider: '/token?peek' });
      const before = daypass.describe().secondsLeft;
      const start = performance.now();
      let looks = 0;
      for (; performance.now() - start < 4_000; looks++) daypass.peek();
      const fallen = before - daypass.describe().secondsLeft;
      daypass.close();
      return { looks, fallen };
    });
    assert.ok(seen.looks > 1_000, `${seen.looks} looks`);
    assert.ok(seen.fallen >= 3.9 && seen.fallen < 4.6, `${seen.fallen} s`);
  });
});
