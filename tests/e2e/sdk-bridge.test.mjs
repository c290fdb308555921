// A host page supplies the embed in its frame with tokens: to that origin, in that frame, and to nobody else.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { asked, backend, inPage, ownApi } from './backend.mjs';
import { info, rule } from './demo.mjs';

const embed = new URL(info.embed).origin;
/** Any file of these origins is page enough. */
const EMBED = `${embed}/daypass/host.js`;
const OTHER = `${ownApi}/ok`;

/** Mounts the embed's page in the host's, with this provider, and gives its frame. */
async function mounted(page, provider) {
  await page.goto(`${backend}/page`);
  const attached = page.waitForEvent('frameattached');
  await page.evaluate(
    async ([entry, url, provider]) => {
      const { mount } = await import(entry);
      globalThis.mounted = mount(document.body, { url, provider, title: 'The embed', class: 'embed' });
    },
    [EMBED, EMBED, provider],
  );
  const frame = await attached;
  await frame.waitForURL(EMBED);
  return frame;
}

/** What a frame is handed that says hello to the page around, within half a second. */
const hello = () =>
  new Promise((resolve) => {
    addEventListener('message', ({ data, ports }) => resolve([data, ports.length]));
    parent.postMessage({ daypass: 'hello' }, '*');
    setTimeout(() => resolve('nothing'), 500);
  });

describe('the bridge', { concurrency: 2 }, () => {
  rule('supplies the embed with fresh tokens, until it is closed', {}, async (page) => {
    const provider = '/token?bridge&life=6';
    const frame = await mounted(page, provider);
    await page.evaluate(() => {
      window.hellos = 0;
      addEventListener('message', ({ data }) => (window.hellos += data?.daypass === 'hello'));
    });
    const seen = await inPage(
      frame,
      async ({ connect, api, sleep, argument: host }) => {
        const daypass = await connect({ api, host, scopes: ['floor:readPrivate'], durationSeconds: 900 });
        globalThis.daypass = daypass;
        const [first, { kind }] = [daypass.peek(), daypass.describe()];
        const statuses = [(await daypass.fetch('/v2/floor/first')).status];
        await sleep(6_500);
        statuses.push((await daypass.fetch('/v2/floor/first')).status);
        return { kind, statuses, isFresh: daypass.peek() !== first };
      },
      backend,
    );
    assert.deepEqual(seen, { kind: 'temporary', statuses: [200, 200], isFresh: true });
    assert.equal(asked(provider), 2);
    assert.equal(await page.evaluate(() => window.hellos), 1, 'one port for all');
    const attributes = await page.locator('iframe').evaluate(({ title, className }) => [title, className]);
    assert.deepEqual(attributes, ['The embed', 'embed']);
    await page.evaluate(() => globalThis.mounted.close());
    assert.equal(await page.locator('iframe').count(), 0);
    await page.waitForTimeout(6_500);
    assert.equal(asked(provider), 2);
  });

  rule('is told by the host when there will be no more', {}, async (page) => {
    const frame = await mounted(page, '/forbidden?bridge');
    const error = await inPage(frame, ({ connect, api, argument: host }) => connect({ api, host }), backend);
    assert.equal(error.code, 'provider_forbidden');
  });

  rule('takes nothing from a page that the embed does not name', {}, async (page) => {
    const frame = await mounted(page, '/token?stranger');
    const error = await inPage(frame, ({ connect, api, argument: host }) => connect({ api, host }), [
      'https://www.example.com',
      '*.example.com',
    ]);
    assert.equal(error.code, 'provider_failed');
    assert.ok(error.message.includes(backend), error.message);
    assert.equal(asked('/token?stranger'), 0);
    const alone = await inPage(page, ({ connect, api, argument: host }) => connect({ api, host }), backend);
    assert.equal(alone.code, 'invalid_options');
  });

  rule('gives nothing to another page in the frame, nor to another frame of the same origin', {}, async (page) => {
    const frame = await mounted(page, '/token?hostile');
    assert.deepEqual(await frame.evaluate(hello), [{ daypass: 'port' }, 1]);
    await frame.goto(OTHER);
    assert.equal(await frame.evaluate(hello), 'nothing');

    const attached = page.waitForEvent('frameattached');
    await page.evaluate((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), EMBED);
    const sibling = await attached;
    await sibling.waitForURL(EMBED);
    assert.equal(await sibling.evaluate(hello), 'nothing');
    assert.equal(asked('/token?hostile'), 0);
  });

  rule('survives that the embed loads anew', {}, async (page) => {
    const frame = await mounted(page, '/token?anew');
    const read = async ({ connect, api, argument: host }) => {
      const daypass = await connect({ api, host });
      const { status } = await daypass.fetch('/v2/floor/first');
      return status;
    };
    assert.equal(await inPage(frame, read, backend), 200);
    await frame.goto(EMBED);
    assert.equal(await inPage(frame, read, backend), 200);
  });
});
