// Many tabs, one refresh: with a leader that is alive, killed or frozen.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, inPage, waitForCalls } from './backend.mjs';
import { digest, info, rule } from './demo.mjs';

/** Opens the page in this tab, ready to connect at once. */
async function openTab(tab) {
  await tab.goto(`${backend}/page`);
  await inPage(tab, ({ initialise }) => initialise());
  return tab;
}

/** Opens tabs beside the first, `count` in all. */
async function openTabs(page, count) {
  const others = await Promise.all(Array.from({ length: count - 1 }, () => page.context().newPage()));
  return Promise.all([page, ...others].map(openTab));
}

/** Connects in the tab, and returns the milliseconds that it took, or the error's code. */
const open = async ({ connect, api, argument: provider }) => {
  const start = performance.now();
  try {
    globalThis.daypass = await connect({ api, provider, share: 'ada' });
  } catch ({ code }) {
    return { code };
  }
  globalThis.refreshed = new Promise((resolve) => globalThis.daypass.addEventListener('refreshed', resolve));
  return { after: performance.now() - start };
};

/** Returns a digest of each tab's token. */
const readTokens = async (all) =>
  (await Promise.all(all.map((tab) => tab.evaluate(() => globalThis.daypass.peek())))).map(
    (token) => token && digest(token),
  );

/** Waits for the tab that calls the provider first. */
const findLeader = (all, provider) =>
  Promise.race(all.map((tab) => tab.waitForRequest((request) => request.url().endsWith(provider)).then(() => tab)));

/** Counts the locks that this origin's tabs hold or wait for. */
const countLocks = async (page) => {
  const { held, pending } = await page.evaluate(() => navigator.locks.query());
  return held.length + pending.length;
};

/** Waits for this number of locks: a tab's lock is released in another process, a moment later. */
async function waitForLocks(page, count) {
  const end = Date.now() + 5_000;
  while ((await countLocks(page)) !== count) {
    assert.ok(Date.now() < end, `${await countLocks(page)} locks, not ${count}`);
    await page.waitForTimeout(20);
  }
}

describe('tabs', { concurrency: 1 }, () => {
  rule(
    'send one request for twenty, and one for each refresh; a later tab joins, and no lock is left',
    {},
    async (page) => {
      const provider = '/token?twenty-tabs&life=20';
      const all = await openTabs(page, 21);
      const late = all.pop();
      const connected = await Promise.all(all.map((tab) => inPage(tab, open, provider)));
      assert.ok(
        connected.every(({ after }) => after < 5_000),
        JSON.stringify(connected),
      );
      assert.equal(countCalls(provider), 1);
      assert.equal(new Set(await readTokens(all)).size, 1);

      await inPage(late, open, provider);
      const first = (await readTokens([late]))[0];
      assert.deepEqual(await readTokens([page]), [first]);
      assert.equal(countCalls(provider), 1);

      await Promise.all([...all, late].map((tab) => tab.evaluate(() => globalThis.refreshed)));
      const second = await readTokens([...all, late]);
      assert.ok(new Set(second).size === 1 && second[0] !== first, 'all have the next token');
      assert.equal(countCalls(provider), 2);

      await Promise.all([...all, late].map((tab) => tab.evaluate(() => globalThis.daypass.close())));
      await waitForLocks(page, 0);
    },
  );

  rule('get a token when the leader is killed', {}, async (page) => {
    const provider = '/hang-once?killed';
    const all = await openTabs(page, 6);
    const first = findLeader(all, provider);
    const connected = all.map((tab) => inPage(tab, open, provider).catch(() => 'killed'));
    const killed = await first;
    await waitForCalls(provider, 1);
    await killed.close({ runBeforeUnload: false });
    const ends = await Promise.all(connected);
    assert.equal(ends.filter((end) => end === 'killed').length, 1);
    assert.ok(
      ends.every((end) => end === 'killed' || end.after < 5_000),
      JSON.stringify(ends),
    );
    assert.equal(countCalls(provider), 2);
    assert.equal(new Set(await readTokens(all.filter((tab) => tab !== killed))).size, 1);
  });

  rule('get a token when the leader is frozen', {}, async (page) => {
    const provider = '/hang-once?frozen';
    const [first, second] = await openTabs(page, 2);
    // A worker can be frozen while it holds the lock, a page cannot.
    await inPage(
      first,
      ({ sdk, api, argument }) => {
        const code = `
        import { connect } from ${JSON.stringify(sdk)};
        connect(${JSON.stringify({ api, provider: new URL(argument, location.href).href, share: 'ada' })});
        onmessage = () => {
          const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
          Atomics.wait(new Int32Array(buffer), 0, 0, 8_000);
        };`;
        globalThis.worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), {
          type: 'module',
        });
      },
      provider,
    );
    await waitForCalls(provider, 1);
    await first.evaluate(() => globalThis.worker.postMessage('freeze'));
    const { after } = await inPage(second, open, provider);
    assert.ok(after > 1_000 && after < 5_000, `${after} ms`);
    assert.equal(countCalls(provider), 2);
  });

  for (const missing of ['BroadcastChannel', 'locks', 'both']) {
    rule(`fetch each for itself without ${missing}`, {}, async (page) => {
      await page.context().addInitScript((missing) => {
        const refused = () => {
          throw new DOMException('no', 'SecurityError');
        };
        if (missing !== 'locks') globalThis.BroadcastChannel = refused;
        if (missing === 'locks')
          Object.defineProperty(navigator, 'locks', { value: { query: async () => refused(), request: refused } });
        if (missing === 'both') Object.defineProperty(navigator, 'locks', { value: undefined });
      }, missing);
      const provider = `/token?${missing}`;
      const all = await openTabs(page, 2);
      const ends = [await inPage(all[0], open, provider), await inPage(all[1], open, provider)];
      assert.ok(
        ends.every(({ after }) => after < 2_000),
        JSON.stringify(ends),
      );
      // A channel alone is enough to receive an active token.
      assert.equal(countCalls(provider), missing === 'locks' ? 1 : 2);
    });
  }

  rule('do not share a token across names, or where sharing is off', {}, async (page) => {
    const all = await openTabs(page, 2);
    const named = async ({ connect, api, argument: share }) => {
      globalThis.daypass = await connect({ api, provider: '/token?named', share });
    };
    await inPage(all[0], named, 'ada');
    await inPage(all[1], named, 'grace');
    assert.equal(countCalls('/token?named'), 2);
    await inPage(all[1], named, 'ada');
    assert.equal(countCalls('/token?named'), 2);
    await inPage(all[1], named, false);
    assert.equal(countCalls('/token?named'), 3);
    const functions = async ({ connect, api, argument }) => {
      let calls = 0;
      const provider = async () => ({ authorization: `Bearer x${(calls += 1)}`, expiresAt: 4102444800 });
      globalThis.daypass = await connect({ api, provider, share: argument });
      return calls;
    };
    assert.deepEqual([await inPage(all[0], functions, undefined), await inPage(all[1], functions, undefined)], [1, 1]);
    assert.deepEqual([await inPage(all[0], functions, 'plans'), await inPage(all[1], functions, 'plans')], [1, 0]);
  });

  rule('ignore malformed and forged messages on their channel', {}, async (page) => {
    const [first, second] = await openTabs(page, 2);
    await inPage(first, open, '/token?forged');
    const errors = [];
    first.on('pageerror', (error) => errors.push(error.message));
    const kept = await readTokens([first]);
    const name = await first.evaluate(async () =>
      (await navigator.locks.query()).held.map(({ name }) => name.replace(/ here$/, '')).at(0),
    );
    // Channels of one page receive a message in the order in which they were made: the connection's, then this one.
    await first.evaluate((name) => {
      const channel = new BroadcastChannel(name);
      globalThis.lastMessage = new Promise(
        (resolve) => (channel.onmessage = ({ data }) => data === 'last' && resolve()),
      );
    }, name);
    const key = JSON.stringify([
      new URL('/', info.api).href,
      `${backend}/token?forged`,
      'ada',
      { scopes: [], durationSeconds: 3600 },
    ]);
    await second.evaluate(
      ([name, key]) => {
        const channel = new BroadcastChannel(name);
        const now = Date.now();
        const times = { sentAt: now, by: 1, fetchedAt: now, lifetime: 3_600_000, rejections: 0 };
        const good = { version: 1, key, says: 'token', ...times, authorization: 'Bearer forged' };
        const bad = [
          { version: 2 },
          { version: '1' },
          { key: 'other' },
          { key: undefined },
          { says: 'tokens' },
          { says: undefined },
          // In the future, or for ever.
          { fetchedAt: now + 1e12 },
          { sentAt: now + 1e12, fetchedAt: now + 1e12 },
          { lifetime: Infinity },
          { lifetime: -1 },
          { lifetime: 1.5 },
          { rejections: null },
          { by: 2 ** 32 },
          { authorization: 7 },
          { authorization: 'forged' },
          { authorization: 'Bearer a\nb' },
        ];
        const others = [null, 'hello', 7, {}, [], { version: 1 }, { version: 1, says: 'fetching' }];
        for (const message of [...others, ...bad.map((change) => ({ ...good, ...change })), 'last'])
          channel.postMessage(message);
        globalThis.sendGood = () => {
          channel.postMessage(good);
          channel.postMessage('last');
        };
      },
      [name, key],
    );
    await first.evaluate(() => globalThis.lastMessage);
    assert.deepEqual([errors, await readTokens([first])], [[], kept]);
    // The same message without a fault is one that another tab may send.
    await second.evaluate(() => globalThis.sendGood());
    await first.waitForFunction(() => globalThis.daypass.peek() === 'Bearer forged');
  });

  // Firefox decides before `pagehide`, when the connection releases its lock, and caches no page that holds a lock.
  const chromiumOnly = 'Firefox keeps no page with a lock in its back-forward cache';
  rule('return from the back-forward cache with their token, and join again', { chromiumOnly }, async (page) => {
    await page.goto(`${backend}/page`);
    await inPage(page, open, '/token?back');
    const kept = await readTokens([page]);
    await page.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.isPersisted = persisted)));
    await page.goto(`${backend}/`);
    await waitForLocks(page, 0);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction(() => window.isPersisted);
    await waitForLocks(page, 1);
    assert.deepEqual(await readTokens([page]), kept);
    assert.equal(countCalls('/token?back'), 1);
  });

  rule('release their locks when the page is hidden for the cache, and join again', {}, async (page) => {
    await page.goto(`${backend}/page`);
    await inPage(page, open, '/token?aside');
    await waitForLocks(page, 1);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    await waitForLocks(page, 0);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await waitForLocks(page, 1);
  });
});
