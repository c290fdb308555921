// The inspector: what its panel shows of a connection, and what it never shows. All parts are real.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTemporaryToken } from './backend.mjs';
import { info, requests, rule } from './demo.mjs';
import { api, connect, createBackend, fact, markup, open, service, site, untilFact } from './inspector.mjs';

const HOSTILE = `<img src=x onerror="document.title='evil'">'"&amp;\u202Egnp`;
const REFERENCE = 'https://docs.example/errors.md';

const panel = (page) => page.locator('daypass-inspector section');
const refusals = (page) => page.locator('daypass-inspector ol > li');

/** Reads the first floor until it is refused; the revocation takes up to a second to arrive. */
const untilRefused = (page) =>
  page.evaluate(async () => {
    for (const end = performance.now() + 10_000; performance.now() < end; ) {
      if (!(await globalThis.daypass.fetch('/v2/floor/first')).ok) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  });

rule('the inspector shows kind, scopes and life under a strict policy, and asks nobody', {}, async (page) => {
  const { provider } = await createBackend({ origins: ['127.0.0.1'], subject: 'visitor-42' });
  const complaints = await open(page);
  const seen = requests(page);
  await connect(page, { provider });
  await panel(page).waitFor();
  await page.locator('daypass-inspector .kind').filter({ hasText: 'temporary' }).waitFor();
  await untilFact(page, 'Scopes', 'floor:readPrivate');
  await untilFact(page, 'Origins', '127.0.0.1');
  await untilFact(page, 'Visitor', 'visitor-42');
  await untilFact(page, 'Expires', /^in 1[45] min/);
  await untilFact(page, 'Next refresh', /^in 1[0-3] min/);
  await page.getByRole('img', { name: /^(100|9\d) % of the token's life is left$/ }).waitFor();
  // The style sheet is in use.
  assert.equal(await panel(page).evaluate((element) => getComputedStyle(element).width), '340px');
  await sleep(2_500);
  assert.deepEqual(seen.map((request) => request.url()), [site + provider]);
  assert.deepEqual(complaints, []);
});

rule('the inspector counts down, and counts a refresh', {}, async (page) => {
  const { provider } = await createBackend();
  await open(page);
  await connect(page, { provider });
  await untilFact(page, 'Refreshes', /^0$/);
  const before = await fact(page, 'Expires').textContent();
  await page.waitForFunction(
    (before) => {
      const facts = [...document.querySelector('daypass-inspector').shadowRoot.querySelectorAll('dd')];
      return facts[0].textContent !== before;
    },
    before,
  );
  await page.evaluate(() => globalThis.daypass.refresh());
  await untilFact(page, 'Refreshes', /^1$/);
  await untilFact(page, 'Tabs', 'this tab leads');
});

rule('the inspector tells a token that has expired from one that never does', {}, async (page) => {
  await open(page);
  await connect(page, { publishableToken: info.publishableToken, scopes: undefined });
  await untilFact(page, 'Expires', 'not known to the page');
  await page.getByRole('img', { name: "100 % of the token's life is left" }).waitFor();
  await page.evaluate(() => globalThis.daypass.close());
  await connect(page, { temporaryToken: await createTemporaryToken(6), scopes: undefined });
  await untilFact(page, 'Expires', /^in \d s$/);
  await untilFact(page, 'Expires', 'has expired: no token is in use');
  await page.getByRole('img', { name: 'No token is in use' }).waitFor();
});

rule('the inspector shows refusals after a revocation with their help and a link', {}, async (page) => {
  const { provider, revoke } = await createBackend();
  await open(page);
  await connect(page, { provider }, { open: true, reference: REFERENCE });
  assert.equal(await page.evaluate(() => globalThis.daypass.fetch('/v2/floor/first').then(({ ok }) => ok)), true);
  assert.equal(await refusals(page).count(), 0);
  await revoke();
  assert.ok(await untilRefused(page), 'the token still works');

  // The API refuses the token, and the backend, whose own token was revoked, has no other.
  const byApi = refusals(page).filter({ has: page.locator('code', { hasText: 'token_revoked' }) }).first();
  await byApi.getByText('GET /v2/floor/first, status 401').waitFor();
  await byApi.getByText('What to do: Ask the issuer of the token for a new one.').waitFor();
  assert.equal(await byApi.getByRole('link').getAttribute('href'), `${REFERENCE}#token_revoked`);
  const byProvider = refusals(page).filter({ has: page.locator('code', { hasText: 'provider_unauthorized' }) }).first();
  await byProvider.locator('.help').waitFor();
  await untilFact(page, 'Next refresh', 'none: the provider refused');
  await page.locator('daypass-inspector .count').filter({ hasText: /^[2-9]\d* refusals$/ }).waitFor();
});

rule('the inspector leaves the response to the page', {}, async (page) => {
  await open(page);
  await connect(page, { publishableToken: info.revokedToken, scopes: undefined });
  const seen = await page.evaluate(async () => {
    const response = await globalThis.daypass.fetch('/v2/floor/ground');
    const refusal = await globalThis.daypass.refusal(response);
    return { refusal: refusal.code, error: (await response.json()).error };
  });
  assert.deepEqual(seen, { refusal: 'token_revoked', error: 'token_revoked' });
  await refusals(page).filter({ hasText: 'token_revoked' }).waitFor();
  // Once, although the page asks for the reason too.
  await page.locator('daypass-inspector .count').filter({ hasText: /^1 refusal$/ }).waitFor();
  await untilFact(page, 'Scopes', 'not known: the token is opaque');
});

rule('the inspector tells which tab calls the provider', {}, async (page) => {
  const { provider } = await createBackend();
  const second = await page.context().newPage();
  for (const tab of [page, second]) {
    await open(tab);
    await connect(tab, { provider, share: 'ada' });
  }
  await second.evaluate(() => globalThis.daypass.refresh());
  await untilFact(second, 'Tabs', 'this tab leads');
  await untilFact(page, 'Tabs', 'another tab leads, this one shares its token');
  await untilFact(page, 'Refreshes', '1: 0 by this tab, 1 by others');
  await page.evaluate(() => globalThis.daypass.refresh());
  await untilFact(page, 'Tabs', 'this tab leads');
  await untilFact(second, 'Tabs', 'another tab leads');
  await untilFact(second, 'Refreshes', '2: 1 by this tab, 1 by others');
});

rule('the inspector goes with the connection, and leaves it as it was', {}, async (page) => {
  const { provider } = await createBackend();
  await open(page);
  await page.evaluate(() => {
    const { setInterval, clearInterval } = globalThis;
    globalThis.intervals = new Set();
    globalThis.setInterval = (...all) => {
      const timer = setInterval(...all);
      globalThis.intervals.add(timer);
      return timer;
    };
    globalThis.clearInterval = (timer) => (globalThis.intervals.delete(timer), clearInterval(timer));
  });
  const members = () => page.evaluate(() => Object.getOwnPropertyNames(globalThis.daypass).sort());
  await connect(page, { provider }, false);
  assert.equal(await panel(page).count(), 0);
  const bare = await members();
  await page.evaluate(() => {
    const first = globalThis.inspect(globalThis.daypass);
    globalThis.isOne = globalThis.inspect(globalThis.daypass) === first;
    globalThis.inspector = first;
  });
  assert.equal(await page.evaluate(() => globalThis.isOne), true);
  assert.equal(await panel(page).count(), 1);
  await page.evaluate(() => globalThis.inspector.close());
  assert.equal(await page.locator('daypass-inspector').count(), 0);
  assert.deepEqual(await members(), bare);
  assert.equal(await page.evaluate(() => globalThis.daypass.fetch('/v2/floor/first').then(({ ok }) => ok)), true);

  await page.evaluate(() => globalThis.inspect(globalThis.daypass));
  assert.equal(await panel(page).count(), 1);
  await page.evaluate(() => globalThis.daypass.close());
  assert.equal(await page.locator('daypass-inspector').count(), 0);
  assert.deepEqual(await members(), bare);
  assert.equal(await page.evaluate(() => globalThis.intervals.size), 0);
});

rule('the inspector says why there is no connection, until the next attempt', {}, async (page) => {
  const { provider, revoke } = await createBackend();
  await revoke();
  await open(page);
  const attempt = (provider) =>
    page.evaluate(
      (options) => globalThis.connect(options).then(() => 'connected', ({ code }) => code),
      { api, provider, scopes: ['floor:readPrivate'], debug: { open: true } },
    );
  assert.equal(await attempt(provider), 'provider_unauthorized');
  await page.locator('daypass-inspector .kind').filter({ hasText: 'not connected' }).waitFor();
  await refusals(page).filter({ hasText: 'provider_unauthorized' }).locator('.help').waitFor();
  const { provider: other } = await createBackend();
  assert.equal(await attempt(other), 'connected');
  assert.equal(await panel(page).count(), 1);
  await page.locator('daypass-inspector .kind').filter({ hasText: 'temporary' }).waitFor();
});

rule('the inspector refuses options that it does not know', {}, async (page) => {
  await open(page);
  const code = 'javascript:alert(1)';
  const wrong = [{ colour: 'red' }, { corner: 'left' }, { open: 1 }, { name: 7 }, { reference: code }, 'yes'];
  const seen = await page.evaluate(
    ([wrong, options]) => {
      const attempt = (debug) => globalThis.connect({ ...options, debug });
      return Promise.all(wrong.map((debug) => attempt(debug).then(() => 'connected', ({ message }) => message)));
    },
    [wrong, { api, publishableToken: info.publishableToken }],
  );
  const words = ['`colour`', '`corner`', '`open`', '`name`', '`reference`', 'an object'];
  seen.forEach((message, at) => assert.ok(message.includes(words[at]), message));
  assert.equal(await panel(page).count(), 0);
});

rule('the inspector shows no token, not even one that a failure names', {}, async (page) => {
  const { provider, token } = await createBackend();
  await open(page);
  await connect(page, { publishableToken: info.publishableToken, service, scopes: undefined });
  await connect(page, { provider });
  const tokens = [info.publishableToken, token];
  const now = async () => tokens.push(await page.evaluate(() => globalThis.daypass.peek().split(' ')[1]));
  await now();
  await page.evaluate(() => globalThis.daypass.refresh());
  await now();
  // A careless backend repeats tokens in what it says.
  await page.evaluate(
    async ([api, tokens]) => {
      const [publishable, secret, first] = tokens;
      const uuid = 'b4d44030-d0af-11e3-9c1a-0800200c9a66';
      const failure = Object.assign(new Error(`No more for ${first} and ${secret}`), {
        status: 403,
        code: 'no_more',
        help: `Ask /x?pubtoken=${publishable}&accessTokenId=${uuid}, as Bearer ${uuid} or ${globalThis.daypass.peek()}`,
      });
      const options = { api, provider: () => Promise.reject(failure), debug: { open: true } };
      await globalThis.connect(options).catch(() => {});
    },
    [api, tokens],
  );
  await refusals(page).filter({ hasText: 'No more for' }).waitFor();
  const text = await markup(page);
  assert.ok(text.includes('No more for'), 'the markup has the panel in it');
  for (const token of [...tokens, 'b4d44030-d0af-11e3-9c1a-0800200c9a66']) {
    assert.ok(!text.includes(token), 'a token is in the page');
    // Nor a part of it that would be enough.
    assert.ok(!text.includes(token.slice(-24)), 'the end of a token is in the page');
  }
});

rule("the inspector shows others' texts literally", {}, async (page) => {
  const { provider } = await createBackend({ subject: HOSTILE.replace('\u202E', '') });
  const complaints = await open(page);
  await connect(page, { provider }, { open: true, name: HOSTILE });
  assert.equal(await page.locator('daypass-inspector .title bdi').textContent(), HOSTILE);
  assert.equal(await fact(page, 'Visitor').textContent(), HOSTILE.replace('\u202E', ''));
  await page.evaluate(
    async ([api, text]) => {
      const provider = () => Promise.reject(Object.assign(new Error(text), { status: 403, code: text, help: text }));
      await globalThis.connect({ api, provider, debug: { open: true } }).catch(() => {});
    },
    [api, HOSTILE],
  );
  const shown = await refusals(page).first().innerText();
  assert.ok(shown.includes(`<img src=x onerror="document.title='evil'">'"&amp;`), shown);
  assert.equal(await page.locator('daypass-inspector img').count(), 0);
  assert.equal(await page.title(), 'A customer');
  assert.deepEqual(complaints, []);
});
