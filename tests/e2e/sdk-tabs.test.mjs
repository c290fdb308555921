// Many tabs, one refresh: while the leader lives, when it is killed, and when it is frozen.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { asked, backend, inPage } from './backend.mjs';
import { digest, rule } from './demo.mjs';

/** Opens so many tabs more beside the first. */
async function tabs(page, count) {
  const others = await Promise.all(Array.from({ length: count - 1 }, () => page.context().newPage()));
  const all = [page, ...others];
  await Promise.all(all.map((tab) => tab.goto(`${backend}/page`)));
  return all;
}

/** Connects and keeps the connection in the tab; how long that took in milliseconds, and the error if there is one. */
const connecting = async ({ connect, api, argument: provider }) => {
  const start = performance.now();
  try {
    globalThis.daypass = await connect({ api, provider });
  } catch ({ code }) {
    return { code };
  }
  return { after: performance.now() - start };
};

/** Which token each tab has. */
const tokens = async (all) =>
  (await Promise.all(all.map((tab) => tab.evaluate(() => globalThis.daypass.peek())))).map(
    (token) => token && digest(token),
  );

/** Waits for the tab that asks the provider first. */
const leader = (all, provider) =>
  Promise.race(all.map((tab) => tab.waitForRequest((request) => request.url().endsWith(provider)).then(() => tab)));

/** The locks that this origin's tabs hold or wait for. */
const locks = async (page) => {
  const { held, pending } = await page.evaluate(() => navigator.locks.query());
  return held.length + pending.length;
};

/** Waits until they are so many. Playwright does not wait for what a condition's promise brings. */
async function untilLocks(page, count) {
  const end = Date.now() + 5_000;
  while ((await locks(page)) !== count) {
    assert.ok(Date.now() < end, `${await locks(page)} locks, not ${count}`);
    await page.waitForTimeout(20);
  }
}

describe('tabs', { concurrency: 1 }, () => {
  rule(
    'make one request for twenty, and one for each refresh; late ones join, and nothing is left',
    {},
    async (page) => {
      const provider = '/token?twenty-tabs&life=8';
      const all = await tabs(page, 20);
      const connected = await Promise.all(all.map((tab) => inPage(tab, connecting, provider)));
      assert.ok(
        connected.every(({ after }) => after < 5_000),
        JSON.stringify(connected),
      );
      assert.equal(asked(provider), 1);
      assert.equal(new Set(await tokens(all)).size, 1);

      const late = await page.context().newPage();
      await late.goto(`${backend}/page`);
      await inPage(late, connecting, provider);
      const first = (await tokens([late]))[0];
      assert.deepEqual(await tokens([page]), [first]);
      assert.equal(asked(provider), 1);

      await page.waitForTimeout(8_000);
      const second = await tokens([...all, late]);
      assert.ok(new Set(second).size === 1 && second[0] !== first, 'all have the next one');
      assert.equal(asked(provider), 2);

      await Promise.all([...all, late].map((tab) => tab.evaluate(() => globalThis.daypass.close())));
      assert.equal(await locks(page), 0);
    },
  );

  rule('go on when the leader is killed', {}, async (page) => {
    const provider = '/hang-once?killed';
    const all = await tabs(page, 6);
    const first = leader(all, provider);
    const connected = all.map((tab) => inPage(tab, connecting, provider).catch(() => 'killed'));
    const killed = await first;
    await killed.close({ runBeforeUnload: false });
    const ends = await Promise.all(connected);
    assert.equal(ends.filter((end) => end === 'killed').length, 1);
    assert.ok(
      ends.every((end) => end === 'killed' || end.after < 5_000),
      JSON.stringify(ends),
    );
    assert.equal(asked(provider), 2);
    assert.equal(new Set(await tokens(all.filter((tab) => tab !== killed))).size, 1);
  });

  rule('go on when the leader is frozen', {}, async (page) => {
    const provider = '/hang-once?frozen';
    const [first, second] = await tabs(page, 2);
    // A worker can be made to stand still, with the lock in its hand. A page beside the tests' own cannot.
    const asking = first.waitForRequest((request) => request.url().endsWith(provider));
    const frozen = inPage(
      first,
      ({ sdk, api, argument }) => {
        const code = `
        import { connect } from ${JSON.stringify(sdk)};
        connect(${JSON.stringify({ api, provider: new URL(argument, location.href).href })});
        onmessage = () => { const end = Date.now() + 8_000; while (Date.now() < end); };`;
        globalThis.worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), {
          type: 'module',
        });
      },
      provider,
    );
    await Promise.all([asking, frozen]);
    await first.evaluate(() => globalThis.worker.postMessage('freeze'));
    const { after } = await inPage(second, connecting, provider);
    assert.ok(after > 1_000 && after < 5_000, `${after} ms`);
    assert.equal(asked(provider), 2);
  });

  for (const missing of ['BroadcastChannel', 'locks', 'both']) {
    rule(`are each for itself without ${missing}`, {}, async (page) => {
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
      const all = await tabs(page, 2);
      const ends = [await inPage(all[0], connecting, provider), await inPage(all[1], connecting, provider)];
      assert.ok(
        ends.every(({ after }) => after < 2_000),
        JSON.stringify(ends),
      );
      // A channel alone is enough to hear of a token that is there.
      assert.equal(asked(provider), missing === 'locks' ? 1 : 2);
    });
  }

  rule('do not share what is not to be shared', {}, async (page) => {
    const all = await tabs(page, 2);
    const named = async ({ connect, api, argument: share }) => {
      globalThis.daypass = await connect({ api, provider: '/token?named', share });
    };
    await inPage(all[0], named, 'ada');
    await inPage(all[1], named, 'grace');
    assert.equal(asked('/token?named'), 2);
    await inPage(all[1], named, 'ada');
    assert.equal(asked('/token?named'), 2);
    await inPage(all[1], named, false);
    assert.equal(asked('/token?named'), 3);
    const functions = async ({ connect, api, argument }) => {
      let calls = 0;
      const provider = async () => ({ authorization: `Bearer x${(calls += 1)}`, expiresAt: 4102444800 });
      globalThis.daypass = await connect({ api, provider, share: argument });
      return calls;
    };
    assert.deepEqual([await inPage(all[0], functions, undefined), await inPage(all[1], functions, undefined)], [1, 1]);
    assert.deepEqual([await inPage(all[0], functions, 'plans'), await inPage(all[1], functions, 'plans')], [1, 0]);
  });

  rule('are not led astray by what others say on their channel', {}, async (page) => {
    const [first, second] = await tabs(page, 2);
    await inPage(first, connecting, '/token?astray');
    const errors = [];
    first.on('pageerror', (error) => errors.push(error.message));
    const kept = await tokens([first]);
    const name = await first.evaluate(async () =>
      (await navigator.locks.query()).held.map(({ name }) => name.replace(/ here$/, '')).at(0),
    );
    await second.evaluate((name) => {
      const channel = new BroadcastChannel(name);
      const token = { authorization: 7 };
      const now = Date.now();
      const said = [3, now, 1, now, 3_600_000, 0];
      // Well-formed, but from a time to come, or for ever.
      const forged = { authorization: 'Bearer forged' };
      const odd = [
        { said: [3, now, 1, now + 1e12, 3_600_000, 0], token: forged },
        { said: [3, now, 1, now, Infinity, 0], token: forged },
      ];
      for (const message of [null, 'hello', 7, {}, { said: [1] }, { said: 'x' }, { said, token }, { said }, ...odd])
        channel.postMessage(message);
    }, name);
    await page.waitForTimeout(300);
    assert.deepEqual([errors, await tokens([first])], [[], kept]);
  });

  rule('come back from the back-forward cache as they were, and join again', {}, async (page) => {
    await page.goto(`${backend}/page`);
    await inPage(page, connecting, '/token?back');
    const kept = await tokens([page]);
    await page.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.isPersisted = persisted)));
    await page.goto(`${backend}/`);
    assert.equal(await locks(page), 0);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction(() => window.isPersisted);
    await untilLocks(page, 1);
    assert.deepEqual(await tokens([page]), kept);
    assert.equal(asked('/token?back'), 1);
  });

  rule('let go of their locks when they are put aside, and join again', {}, async (page) => {
    await page.goto(`${backend}/page`);
    await inPage(page, connecting, '/token?aside');
    assert.equal(await locks(page), 1);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    await untilLocks(page, 0);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await untilLocks(page, 1);
  });
});
