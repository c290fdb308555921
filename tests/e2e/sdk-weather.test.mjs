// The conditions of a device: sleep, no network, a frame without an origin, a wrong clock, a very long lifetime.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, createSignedBundle, inPage } from './backend.mjs';
import { rule } from './demo.mjs';

const open = async ({ connect, api, argument: provider }) => {
  globalThis.daypass = await connect({ api, provider });
  globalThis.events = [];
  for (const type of ['refreshing', 'refreshed', 'failed', 'expired'])
    globalThis.daypass.addEventListener(type, () => globalThis.events.push(type));
};

describe('a device', { concurrency: 3 }, () => {
  rule('that slept never returns the expired token, and gets a fresh one at once', {}, async (page) => {
    await page.clock.install();
    await inPage(page, open, '/token?sleep');
    const first = await page.evaluate(() => globalThis.daypass.peek());
    // A sleeping device runs no timers: only its clock advances.
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    const awake = await page.evaluate(async () => {
      const { daypass } = globalThis;
      return { seen: daypass.peek(), left: daypass.describe().secondsLeft, fresh: await daypass.authorization() };
    });
    assert.equal(awake.seen, null);
    assert.ok(awake.fresh !== first && awake.left === null, 'nothing is left of the expired token');
    assert.equal(countCalls('/token?sleep'), 2);
  });

  rule('that shows the page again checks the time', {}, async (page) => {
    await page.clock.install();
    await inPage(page, open, '/token?front');
    await page.clock.setSystemTime(Date.now() + 540_000);
    assert.equal(countCalls('/token?front'), 1);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.waitForFunction(() => globalThis.events.includes('refreshed'));
    assert.equal(countCalls('/token?front'), 2);
  });

  rule('without a network sends no request, and gets a token as soon as the network is back', {}, async (page) => {
    const provider = '/token?offline&life=6';
    await inPage(page, open, provider);
    await page.context().setOffline(true);
    await page.waitForTimeout(8_000);
    assert.deepEqual(await page.evaluate(() => [globalThis.daypass.peek(), globalThis.events]), [null, ['expired']]);
    // A caller that needs a token now gets the reason.
    assert.equal(
      await page.evaluate(() =>
        globalThis.daypass.authorization().then(
          () => 'token',
          ({ code }) => code,
        ),
      ),
      'provider_failed',
    );
    await page.context().setOffline(false);
    await page.waitForFunction(() => globalThis.daypass.peek() !== null);
    assert.equal(countCalls(provider), 2);
  });

  rule(
    'with the page in a frame without an origin has no storage, locks or other tabs, and works',
    {},
    async (page) => {
      await page.goto(`${backend}/sandbox`);
      const [, frame] = page.frames();
      const seen = await inPage(
        frame,
        async ({ connect, api, service, argument }) => {
          const provider = async () => ({ authorization: 'Bearer x', expiresAt: Math.floor(Date.now() / 1000) + 600 });
          const daypass = await connect({ api, provider, share: 'sandboxed' });
          const token = await daypass.authorization();
          daypass.close();
          const { parameters } = await connect({ api, service, bundle: argument });
          return [origin, token, parameters.file];
        },
        await createSignedBundle(),
      );
      assert.deepEqual(seen, ['null', 'Bearer x', 'second']);
    },
  );

  rule('may have a clock that is days off', {}, async (page) => {
    await page.goto(backend);
    for (const days of [-3, 3]) {
      await page.clock.setFixedTime(Date.now() + days * 86_400_000);
      const [left, status] = await inPage(
        page,
        async ({ connect, api, argument }) => {
          const daypass = await connect({ api, provider: argument });
          const { status } = await daypass.fetch('/v2/floor/first');
          const { secondsLeft } = daypass.describe();
          daypass.close();
          return [secondsLeft, status];
        },
        `/token?days=${days}`,
      );
      // The header `Date`, by which the SDK goes, has whole seconds.
      assert.ok(left > 580 && left <= 601, `${left} s`);
      assert.equal(status, 200);
    }
  });

  rule('sets no timer that fires at once for a lifetime beyond 2^31 ms', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, sleep }) => {
      let calls = 0;
      const provider = async () => (calls += 1);
      const temporaryToken = { authorization: 'Bearer long', expiresAt: 4102444800 };
      const daypass = await connect({ api, provider, temporaryToken });
      await sleep(500);
      const { refreshInSeconds } = daypass.describe();
      daypass.close();
      return [calls, refreshInSeconds > 2 ** 31 / 1000];
    });
    assert.deepEqual(seen, [0, true]);
  });
});
