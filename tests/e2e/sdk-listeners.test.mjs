// Listeners may call anything back, from within any event: nothing traps, hangs or is left behind.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, inPage } from './backend.mjs';
import { rule } from './demo.mjs';

const EVENTS = ['refreshing', 'refreshed', 'failed', 'expired', 'closed'];

/** Counts the instances that replace one that trapped, and the timers that are set. */
function watch() {
  const { Instance } = WebAssembly;
  globalThis.replaced = 0;
  WebAssembly.Instance = function (...all) {
    globalThis.replaced += 1;
    return new Instance(...all);
  };
  const { setTimeout, clearTimeout } = globalThis;
  globalThis.timers = new Set();
  globalThis.rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  globalThis.setTimeout = (callback, ...more) => {
    const timer = setTimeout(() => (globalThis.timers.delete(timer), callback()), ...more);
    globalThis.timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => (globalThis.timers.delete(timer), clearTimeout(timer));
}

/** What a listener calls, each as code. */
const ACTIONS = {
  close: 'daypass.close()',
  signOut: 'void daypass.signOut()',
  dispose: "daypass[Symbol.dispose ?? Symbol.for('Symbol.dispose')]()",
  fetch: "keep(daypass.fetch('/ok?listener'))",
  refresh: 'keep(daypass.refresh())',
  authorization: 'keep(daypass.authorization())',
  connect: 'keep(connect({ api, provider: give }).then((other) => other.close()))',
  unauthorized: 'keep(daypass.unauthorized())',
  hooks: "daypass.peek(); daypass.describe(); daypass.can('a:b'); keep(daypass.authorize('/x')); try { daypass.transformRequest('/x'); } catch {}",
  everything:
    "keep(daypass.refresh()); keep(daypass.fetch('/ok?listener')); daypass.peek(); dispatchEvent(new Event('focus')); daypass.close(); daypass.peek(); keep(daypass.refresh())",
  platform:
    "for (const name of ['focus', 'online', 'offline', 'pageshow', 'online']) dispatchEvent(new Event(name)); document.dispatchEvent(new Event('visibilitychange'))",
  throws: "throw new RangeError('of the listener')",
};

describe('a listener', { concurrency: 4 }, () => {
  for (const [name, action] of Object.entries(ACTIONS))
    rule(`may, in each event: ${name}`, {}, async (page) => {
      await page.addInitScript(watch);
      const uncaught = [];
      page.on('pageerror', ({ message }) => uncaught.push(message));
      await page.goto(backend);
      const seen = await inPage(
        page,
        async ({ connect, ownApi: api, argument: { action, EVENTS } }) => {
          const sleep = globalThis.rest;
          const ends = {};
          for (const type of EVENTS) {
            let calls = 0;
            // The second call fails.
            const give = async () => {
              calls += 1;
              if (calls === 2) throw new Error('no');
              return { authorization: `Bearer t${Math.random()}`, expiresAt: Math.floor(Date.now() / 1000) + 3600 };
            };
            const kept = [];
            const keep = (promise) => kept.push(promise.then(() => 'done', (error) => error?.code ?? error?.name));
            // It ends after a second, while the provider is called or has failed.
            const temporaryToken = { authorization: 'Bearer first', expiresAt: Math.ceil(Date.now() / 1000) + 2 };
            const daypass = await connect({ api, temporaryToken, provider: give, share: `listener ${Math.random()}` });
            const heard = [];
            for (const other of EVENTS) daypass.addEventListener(other, () => heard.push(other));
            let count = 0;
            const act = new Function('daypass', 'connect', 'api', 'give', 'keep', action);
            daypass.addEventListener(type, () => {
              count += 1;
              if (count < 4) act(daypass, connect, api, give, keep);
            });
            keep(daypass.refresh());
            keep(daypass.refresh());
            keep(daypass.unauthorized());
            await sleep(200);
            if (type === 'failed') keep(daypass.refresh());
            // Past the end of the token, while no timer fires: a synchronous call notices it.
            if (type === 'expired') {
              const short = await connect({
                api,
                temporaryToken: { authorization: 'Bearer short', expiresAt: Math.ceil(Date.now() / 1000) + 1 },
              });
              let noticed = 0;
              short.addEventListener('expired', () => {
                noticed += 1;
                act(short, connect, api, give, keep);
              });
              const end = performance.now() + 2_100;
              while (performance.now() < end);
              try {
                short.peek();
              } catch (error) {
                heard.push(`peek: ${error.name}`);
              }
              if (noticed !== 1) heard.push(`noticed ${noticed}`);
              short.close();
            } else await sleep(300);
            daypass.close();
            const late = await Promise.race([Promise.all(kept), sleep(4_000).then(() => 'hangs')]);
            if (late === 'hangs' || late.includes('interrupted') || late.includes('RuntimeError')) ends[type] = late;
            if (count === 0 && type !== 'expired') ends[type] = `never heard: ${heard}`;
            if (heard.filter((other) => other === 'closed').length !== 1 || heard.at(-1) !== 'closed') ends[type] = heard;
            if (heard.some((other) => /peek|noticed/.test(other))) ends[type] = heard;
          }
          await sleep(100);
          return { ends, replaced: globalThis.replaced, timers: globalThis.timers.size };
        },
        { action, EVENTS },
      );
      assert.deepEqual(seen, { ends: {}, replaced: 0, timers: 0 });
      const own = uncaught.filter((message) => message !== 'of the listener' || name !== 'throws');
      assert.deepEqual(own, []);
    });

  rule('that closes in an event leaves no timer, which would fire for a connection that is gone', {}, async (page) => {
    await page.addInitScript(watch);
    const uncaught = [];
    page.on('pageerror', ({ message }) => uncaught.push(message));
    await page.goto(backend);
    const left = await inPage(page, async ({ connect, api, sleep }) => {
      const daypass = await connect({ api, provider: '/token?leaves&life=5' });
      const closed = new Promise((resolve) => {
        daypass.addEventListener('refreshed', () => {
          daypass.close();
          resolve();
        });
      });
      await closed;
      await sleep(50);
      const { size } = globalThis.timers;
      await sleep(5_500);
      return size;
    });
    assert.deepEqual([left, uncaught], [0, []]);
  });
});
