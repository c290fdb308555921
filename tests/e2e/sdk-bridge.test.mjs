// A host page supplies the embed in its frame with tokens: that origin in that frame, and no other page.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, inPage, ownApi } from './backend.mjs';
import { info, rule } from './demo.mjs';

const embed = new URL(info.embed).origin;
/** Any file of these origins can stand for a page. */
const EMBED = `${embed}/daypass/host.js`;
const OTHER = `${ownApi}/ok`;

/** Mounts the embed's page in the host's with this provider, and returns its frame. */
async function mountEmbed(page, provider) {
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

/** Has the host page confirm every hello that it receives, after its own response to it. */
const confirm = () =>
  addEventListener('message', ({ data, source }) => data?.daypass === 'hello' && source.postMessage('received', '*'));

/** Says hello to the host page, and returns its first message and how many ports came with it. */
const hello = () =>
  new Promise((resolve) => {
    addEventListener('message', ({ data, ports }) => resolve([data, ports.length]));
    parent.postMessage({ daypass: 'hello' }, '*');
  });

describe('the bridge', { concurrency: 2 }, () => {
  rule('supplies the embed with fresh tokens until it is closed', {}, async (page) => {
    const provider = '/token?bridge&life=6';
    const frame = await mountEmbed(page, provider);
    await page.evaluate(() => {
      window.hellos = 0;
      addEventListener('message', ({ data }) => (window.hellos += data?.daypass === 'hello'));
    });
    const seen = await inPage(
      frame,
      async ({ connect, api, argument: host }) => {
        const daypass = await connect({ api, host, scopes: ['floor:readPrivate'], durationSeconds: 900 });
        globalThis.daypass = daypass;
        const [first, { kind }] = [daypass.peek(), daypass.describe()];
        const statuses = [(await daypass.fetch('/v2/floor/first')).status];
        await new Promise((resolve) => daypass.addEventListener('refreshed', resolve));
        statuses.push((await daypass.fetch('/v2/floor/first')).status);
        return { kind, statuses, isFresh: daypass.peek() !== first };
      },
      backend,
    );
    assert.deepEqual(seen, { kind: 'temporary', statuses: [200, 200], isFresh: true });
    assert.equal(countCalls(provider), 2);
    assert.equal(await page.evaluate(() => window.hellos), 1, 'one port serves all calls');
    const attributes = await page.locator('iframe').evaluate(({ title, className }) => [title, className]);
    assert.deepEqual(attributes, ['The embed', 'embed']);
    await page.evaluate(() => globalThis.mounted.close());
    assert.equal(await page.locator('iframe').count(), 0);
    await page.waitForTimeout(6_500);
    assert.equal(countCalls(provider), 2);
  });

  rule('gives an embed that calls refresh() the rights of then, not those of an earlier call', {}, async (page) => {
    const provider = '/token?fresh-rights';
    const first = await mountEmbed(page, provider);
    const attached = page.waitForEvent('frameattached');
    await page.evaluate(
      async ([entry, url, provider]) => {
        (await import(entry)).mount(document.body, { url, provider, title: 'Another embed' });
      },
      [EMBED, EMBED, provider],
    );
    const second = await attached;
    await second.waitForURL(EMBED);
    for (const frame of [first, second]) {
      const open = async ({ connect, api, argument: host }) => {
        globalThis.daypass = await connect({ api, host, scopes: ['floor:readPrivate'] });
      };
      await inPage(frame, open, backend);
    }
    const before = countCalls(provider);
    for (const frame of [first, second]) await frame.evaluate(() => globalThis.daypass.refresh());
    assert.equal(countCalls(provider), before + 2);
    const [one, other] = await Promise.all([first, second].map((frame) => frame.evaluate(() => globalThis.daypass.peek())));
    assert.notEqual(one, other);
  });

  rule('tells the embed when the provider gives no more tokens', {}, async (page) => {
    const frame = await mountEmbed(page, '/forbidden?bridge');
    const error = await inPage(frame, ({ connect, api, argument: host }) => connect({ api, host }), backend);
    assert.equal(error.code, 'provider_forbidden');
  });

  rule('accepts no token from a host page that the embed does not allow', {}, async (page) => {
    const frame = await mountEmbed(page, '/token?unknown-host');
    const error = await inPage(frame, ({ connect, api, argument: host }) => connect({ api, host }), [
      'https://www.example.com',
      '*.example.com',
      'pr-*.example.com',
      'vscode-webview:',
      'http:',
      'http://*',
    ]);
    assert.equal(error.code, 'provider_failed');
    assert.ok(error.message.includes(backend), error.message);
    assert.equal(countCalls('/token?unknown-host'), 0);
    const alone = await inPage(page, ({ connect, api, argument: host }) => connect({ api, host }), backend);
    assert.equal(alone.code, 'invalid_options');
  });

  rule('gives no token to another page in the frame, or to another frame of the same origin', {}, async (page) => {
    const frame = await mountEmbed(page, '/token?hostile');
    await page.evaluate(confirm);
    assert.deepEqual(await frame.evaluate(hello), [{ daypass: 'port' }, 1]);
    await frame.goto(OTHER);
    assert.deepEqual(await frame.evaluate(hello), ['received', 0]);

    const attached = page.waitForEvent('frameattached');
    await page.evaluate((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), EMBED);
    const sibling = await attached;
    await sibling.waitForURL(EMBED);
    assert.deepEqual(await sibling.evaluate(hello), ['received', 0]);
    assert.equal(countCalls('/token?hostile'), 0);
  });

  rule('works after the embed is reloaded', {}, async (page) => {
    const frame = await mountEmbed(page, '/token?reload');
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
