// What a device does to a page: sleep, no network, a frame without an origin, a wrong clock, a very long life.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { asked, backend, inPage, signed } from './backend.mjs';
import { rule } from './demo.mjs';

const connected = async ({ connect, api, argument: provider }) => {
  globalThis.daypass = await connect({ api, provider });
  globalThis.heard = [];
  for (const type of ['refreshing', 'refreshed', 'failed', 'expired'])
    globalThis.daypass.addEventListener(type, () => globalThis.heard.push(type));
};

describe('weather', { concurrency: 3 }, () => {
  rule(
    'a token that ended while the device slept is never handed out, and a fresh one is had at once',
    {},
    async (page) => {
      await page.clock.install();
      await inPage(page, connected, '/token?sleep');
      const first = await page.evaluate(() => globalThis.daypass.peek());
      // What sleeps has no timers: the clock alone goes on.
      await page.clock.setSystemTime(Date.now() + 3_600_000);
      const awake = await page.evaluate(async () => {
        const { daypass } = globalThis;
        return { seen: daypass.peek(), left: daypass.describe().secondsLeft, fresh: await daypass.authorization() };
      });
      assert.equal(awake.seen, null);
      assert.ok(awake.fresh !== first && awake.left === null, 'nothing is left of the one that ended');
      assert.equal(asked('/token?sleep'), 2);
    },
  );

  rule('a page that comes back to the front looks at the time', {}, async (page) => {
    await page.clock.install();
    await inPage(page, connected, '/token?front');
    await page.clock.setSystemTime(Date.now() + 540_000);
    assert.equal(asked('/token?front'), 1);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.waitForFunction(() => globalThis.heard.includes('refreshed'));
    assert.equal(asked('/token?front'), 2);
  });

  rule('without a network nothing is asked, and with it again a token is there at once', {}, async (page) => {
    const provider = '/token?offline&life=6';
    await inPage(page, connected, provider);
    await page.context().setOffline(true);
    await page.waitForTimeout(8_000);
    assert.deepEqual(await page.evaluate(() => [globalThis.daypass.peek(), globalThis.heard]), [null, ['expired']]);
    // Whoever insists is told.
    assert.equal(
      await page.evaluate(() =>
        globalThis.daypass.authorization().then(
          () => 'here',
          ({ code }) => code,
        ),
      ),
      'provider_failed',
    );
    await page.context().setOffline(false);
    await page.waitForFunction(() => globalThis.daypass.peek() !== null);
    assert.equal(asked(provider), 2);
  });

  rule('a frame without an origin has no storage, no locks and no neighbours, and works', {}, async (page) => {
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
      await signed(),
    );
    assert.deepEqual(seen, ['null', 'Bearer x', 'second']);
  });

  rule('a clock that is days off does not matter', {}, async (page) => {
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
      assert.ok(left > 580 && left <= 600, `${left} s`);
      assert.equal(status, 200);
    }
  });

  rule('a life beyond 2^31 ms sets no timer that rings at once', {}, async (page) => {
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
