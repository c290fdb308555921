// A closed connection leaves nothing behind.
import assert from 'node:assert/strict';
import { inPage } from './backend.mjs';
import { rule } from './demo.mjs';
import { watch } from './watch.mjs';

rule(
  'close() leaves no timer, listener, channel or lock, and memory stays flat over 10,000 connections',
  {},
  async (page) => {
    await page.addInitScript(watch);
    const seen = await inPage(page, async ({ connect, api, service, publishableToken }) => {
      const { watched } = globalThis;
      // Without those of Playwright, which listens in the page's own world in Firefox.
      watched.listeners = 0;
      const expiresAt = Math.floor(Date.now() / 1000) + 3600;
      let calls = 0;
      const provider = async () => ({ authorization: `Bearer t${(calls += 1)}`, expiresAt });
      const ways = [
        { provider },
        { provider },
        { publishableToken },
        { temporaryToken: { authorization: 'Bearer given', expiresAt } },
        { provider, share: 'close' },
      ];
      const bytes = [];
      const most = { timers: 0, listeners: 0, channels: 0 };
      for (let count = 0; count < 10_000; count++) {
        const daypass = await connect({ api, service, ...ways[count % ways.length] });
        await daypass.authorization();
        for (const [name, at] of Object.entries({ ...watched, timers: watched.timers.size }))
          if (name in most) most[name] = Math.max(most[name], at);
        if (count % 2 === 0) daypass.close();
        else daypass[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
        if (count % 1_000 === 999) bytes.push(watched.memory.buffer.byteLength);
      }
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const { held, pending } = await navigator.locks.query();
      return {
        most,
        bytes,
        left: [watched.timers.size, watched.listeners, watched.channels, held.length, pending.length],
      };
    });
    assert.ok(
      Object.values(seen.most).every((count) => count > 0),
      `each count was above zero: ${JSON.stringify(seen)}`,
    );
    assert.deepEqual(seen.left, [0, 0, 0, 0, 0]);
    assert.equal(new Set(seen.bytes).size, 1, `${seen.bytes} bytes`);
  },
);

rule('memory stays flat over 100,000 refreshes', {}, async (page) => {
  await page.addInitScript(watch);
  const seen = await inPage(page, async ({ connect, api }) => {
    const { watched } = globalThis;
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    let calls = 0;
    // Each is as long as a JWT of one grant.
    const provider = async () => ({ authorization: `Bearer ${String((calls += 1)).padStart(400, 't')}`, expiresAt });
    const daypass = await connect({ api, provider, share: false });
    const [bytes, listeners] = [[], []];
    for (let count = 1; count <= 100_000; count++) {
      await daypass.refresh();
      if (count % 10_000 > 0) continue;
      bytes.push(watched.memory.buffer.byteLength);
      listeners.push(watched.listeners + watched.timers.size);
    }
    daypass.close();
    return { bytes, listeners, calls };
  });
  assert.equal(seen.calls, 100_001);
  assert.equal(new Set(seen.bytes).size, 1, `${seen.bytes} bytes`);
  assert.equal(new Set(seen.listeners).size, 1, `${seen.listeners} listeners and timers`);
});
