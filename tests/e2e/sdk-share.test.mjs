// Tabs that share a token: whose it is, signing out of all of them, and a new token for all of them.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, inPage, waitForCalls } from './backend.mjs';
import { digest, rule } from './demo.mjs';

/** Opens this many tabs of the page, ready to connect at once. */
async function openTabs(page, count) {
  const others = await Promise.all(Array.from({ length: count - 1 }, () => page.context().newPage()));
  return Promise.all(
    [page, ...others].map(async (tab) => {
      await tab.goto(`${backend}/page`);
      await inPage(tab, ({ initialise }) => initialise());
      return tab;
    }),
  );
}

/** Connects in the tab, and keeps the names of the events. */
const open = async ({ connect, api, argument }) => {
  const daypass = await connect({ api, ...argument });
  globalThis.daypass = daypass;
  globalThis.events = [];
  for (const type of ['refreshing', 'refreshed', 'failed', 'expired', 'closed'])
    daypass.addEventListener(type, () => globalThis.events.push(type));
};

const readTokens = async (all) =>
  (await Promise.all(all.map((tab) => tab.evaluate(() => globalThis.daypass.peek())))).map(
    (token) => token && digest(token),
  );
const readEvents = (all) => Promise.all(all.map((tab) => tab.evaluate(() => globalThis.events)));
const untilClosed = (tab) => tab.waitForFunction(() => globalThis.events.includes('closed'));

describe('sharing', { concurrency: 2 }, () => {
  rule("is for one person: the next one's page asks the provider", {}, async (page) => {
    const [first, second] = await openTabs(page, 2);
    const provider = '/token?person';
    await inPage(first, open, { provider, share: 'ada' });
    await inPage(second, open, { provider, share: 'grace' });
    assert.equal(countCalls(provider), 2);
    const [ada, grace] = await readTokens([first, second]);
    assert.notEqual(ada, grace);
    // Without a name nothing is taken from another tab, or given.
    const [third] = await openTabs(await page.context().newPage(), 1);
    await inPage(third, open, { provider });
    assert.equal(countCalls(provider), 3);
    // A new token of one person does not reach the other.
    await second.evaluate(() => globalThis.daypass.refresh());
    await inPage(third, open, { provider, share: 'grace' });
    const [still, next, joined] = await readTokens([first, second, third]);
    assert.deepEqual([still, next === grace, joined === next], [ada, false, true]);
    assert.equal(countCalls(provider), 4);
    assert.deepEqual(await readEvents([first]), [[]]);
  });

  rule('ends in all tabs of the person who signs out, whatever they are connected to', {}, async (page) => {
    const [first, second, other, alone] = await openTabs(page, 4);
    const provider = '/token?out';
    await inPage(first, open, { provider, share: 'ada' });
    await inPage(second, open, { provider: '/token?out-other', share: 'ada', durationSeconds: 900 });
    await inPage(other, open, { provider, share: 'grace' });
    await inPage(alone, open, { provider });
    const pending = second.evaluate(() =>
      globalThis.daypass.fetch('/v2/floor/first?out').then(
        ({ status }) => status,
        ({ code }) => code,
      ),
    );
    assert.ok([200, 'closed'].includes(await pending));
    assert.equal(await first.evaluate(() => globalThis.daypass.signOut()), undefined);
    await Promise.all([first, second].map(untilClosed));
    assert.deepEqual(
      (await readTokens([first, second, other, alone])).map((token) => token === null),
      [true, true, false, false],
    );
    const late = await second.evaluate(async () => {
      const failures = {};
      for (const call of ['authorization', 'refresh', 'fetch', 'unauthorized'])
        failures[call] = await globalThis.daypass[call]('/x').then(String, ({ code }) => code);
      return failures;
    });
    assert.deepEqual(late, { authorization: 'closed', refresh: 'closed', fetch: 'closed', unauthorized: 'closed' });
    assert.deepEqual(await readEvents([first, second, other, alone]), [['closed'], ['closed'], [], []]);
    // The next token under the name is a new one.
    await inPage(first, open, { provider, share: 'ada' });
    assert.equal(countCalls(provider), 4);
    await first.evaluate(() => Promise.all([globalThis.daypass.signOut(), globalThis.daypass.signOut()]));
    assert.equal(await alone.evaluate(() => globalThis.daypass.signOut().then(() => globalThis.daypass.peek())), null);
  });

  const chromiumOnly = 'Firefox keeps no page that holds a Web Lock in that cache';
  rule('ends for a page in the back-forward cache too', { chromiumOnly }, async (page) => {
    const [first, second] = await openTabs(page, 2);
    await inPage(first, open, { provider: '/token?cached', share: 'ada' });
    await first.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.isPersisted = persisted)));
    await first.goto(`${backend}/`);
    await inPage(second, open, { provider: '/token?cached', share: 'ada' });
    await second.evaluate(() => globalThis.daypass.signOut());
    await inPage(second, open, { provider: '/token?cached', share: 'grace' });
    await first.goBack({ waitUntil: 'commit' });
    await first.waitForFunction(() => window.isPersisted);
    await untilClosed(first);
    assert.deepEqual(await readTokens([first]), [null]);
    // Another person's page stays.
    await second.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.isPersisted = persisted)));
    await second.goto(`${backend}/`);
    await inPage(first, open, { provider: '/token?cached', share: 'ada' });
    await first.evaluate(() => globalThis.daypass.signOut());
    await second.goBack({ waitUntil: 'commit' });
    await second.waitForFunction(() => window.isPersisted);
    const { status } = await second.evaluate(() => globalThis.daypass.fetch('/v2/floor/first').then(({ status }) => ({ status })));
    assert.deepEqual([status, await readEvents([second])], [200, [[]]]);
  });

  rule('brings a new token to all tabs when one asks for it', {}, async (page) => {
    const all = await openTabs(page, 5);
    const provider = '/token?renewed';
    await Promise.all(all.map((tab) => inPage(tab, open, { provider, share: 'ada' })));
    const [before] = await readTokens(all);
    assert.equal(countCalls(provider), 1);
    await all[1].evaluate(() => globalThis.daypass.refresh());
    const [, renewed] = await readTokens(all);
    assert.notEqual(renewed, before);
    await Promise.all(all.map((tab) => tab.waitForFunction(() => globalThis.events.includes('refreshed'))));
    assert.deepEqual(await readTokens(all), Array(5).fill(renewed));
    assert.equal(countCalls(provider), 2);
    // All at once: no more calls than wishes, and all have the same in the end.
    await Promise.all(all.map((tab) => tab.evaluate(() => globalThis.daypass.refresh())));
    assert.ok(countCalls(provider) > 2 && countCalls(provider) <= 7, `${countCalls(provider)} calls`);
    await Promise.all(
      all.map((tab) => tab.waitForFunction(() => globalThis.daypass.describe().secondsLeft > 500)),
    );
    for (let i = 0; i < 50 && new Set(await readTokens(all)).size > 1; i++) await page.waitForTimeout(50);
    assert.equal(new Set(await readTokens(all)).size, 1);
  });
});

describe('refresh()', { concurrency: 3 }, () => {
  rule('gets a token whose call began after it, not that of a call in flight', {}, async (page) => {
    await page.goto(backend);
    const provider = '/hang-once?in-flight';
    const seen = await inPage(
      page,
      async ({ connect, api, settle, argument: provider }) => {
        const temporaryToken = { authorization: 'Bearer given', expiresAt: Math.floor(Date.now() / 1000) + 3 };
        let answer;
        const calls = [];
        const daypass = await connect({
          api,
          temporaryToken,
          provider: () => {
            calls.push(performance.now());
            return calls.length === 1
              ? new Promise((resolve) => (answer = resolve))
              : fetch(provider.replace('hang-once', 'token'), { method: 'POST', body: '{}' }).then((r) => r.json());
          },
        });
        await new Promise((resolve) => daypass.addEventListener('refreshing', resolve));
        const wished = performance.now();
        const both = Promise.all([daypass.refresh(), daypass.refresh()]);
        answer({ authorization: 'Bearer older', expiresAt: Math.floor(Date.now() / 1000) + 600 });
        const end = await settle(both);
        const token = daypass.peek();
        daypass.close();
        return { end, count: calls.length, began: calls[1] >= wished, isOlder: token === 'Bearer older' };
      },
      provider,
    );
    assert.equal(seen.end.code, undefined);
    assert.deepEqual([seen.count, seen.began, seen.isOlder], [2, true, false]);
  });

  rule('fails with the failure of its own call, and never waits for ever', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, settle, publishableToken }) => {
      const temporaryToken = { authorization: 'Bearer given', expiresAt: Math.floor(Date.now() / 1000) + 600 };
      const ends = {};
      const keeps = {};
      for (const [name, provider] of Object.entries({
        failed: '/error?wished',
        forbidden: '/forbidden?wished',
        unauthorized: '/signed-out?wished',
        stale: '/expired?wished',
        shape: '/shape?wished',
      })) {
        const daypass = await connect({ api, provider, temporaryToken });
        let retryInSeconds;
        daypass.addEventListener('failed', ({ detail }) => (retryInSeconds = detail.retryInSeconds));
        const first = await settle(daypass.refresh());
        const second = await settle(daypass.refresh());
        ends[name] = [first.code, second.code, first.after < 2_000 && second.after < 2_000];
        keeps[name] = [daypass.peek() === 'Bearer given', retryInSeconds];
        daypass.close();
      }
      for (const [name, options] of Object.entries({ publishable: { publishableToken }, given: { temporaryToken } })) {
        const daypass = await connect({ api, ...options });
        const { code, message } = await settle(daypass.refresh());
        ends[name] = [code, /provider/.test(message)];
      }
      const closing = await connect({ api, provider: '/hang?wished', temporaryToken });
      const end = settle(closing.refresh());
      closing.close();
      ends.closed = (await end).code;
      return { ends, keeps };
    });
    assert.deepEqual(seen.ends, {
      failed: ['provider_failed', 'provider_failed', true],
      forbidden: ['provider_forbidden', 'provider_forbidden', true],
      unauthorized: ['provider_unauthorized', 'provider_unauthorized', true],
      stale: ['provider_stale', 'provider_stale', true],
      shape: ['provider_failed', 'provider_failed', true],
      publishable: ['invalid_options', true],
      given: ['invalid_options', true],
      closed: 'closed',
    });
    for (const [name, [isKept, retryInSeconds]] of Object.entries(seen.keeps)) {
      assert.ok(isKept, name);
      const isFinal = ['forbidden', 'unauthorized'].includes(name);
      assert.ok(isFinal ? retryInSeconds === null : retryInSeconds > 300, `${name}: ${retryInSeconds} s`);
    }
    await waitForCalls('/forbidden?wished', 1);
    assert.equal(countCalls('/error?wished'), 2);
  });
});
