// The sections of the page that a visitor plays with: revocation, tabs, proofs, the host bridge.
import assert from 'node:assert/strict';
import { asksFor, createsToken, developerView, digest, fieldsOf, info } from './demo.mjs';
import { requests, rule, runInShell, site, untilFloor } from './demo.mjs';

/** Waits until the element with this test id has this text. */
async function untilText(page, id, text) {
  await page.getByTestId(id).filter({ hasText: text }).waitFor();
}

rule('“Revoke now” shows the milliseconds until the first refusal', {}, async (page) => {
  await page.goto(site);
  const token = () => page.locator('#revocation .source-id').first().innerText();
  await untilText(page, 'revocation-status', 'allowed: HTTP 200');
  const first = await token();
  const seen = requests(page);
  await page.getByTestId('revocation-revoke').click();
  await untilText(page, 'revocation-status', 'refused: token_revoked');

  const shown = await page.getByTestId('revocation-time').innerText();
  const [, milliseconds] = /^(\d+) ms$/.exec(shown) ?? assert.fail(`time shown: ${shown}`);
  assert.ok(Number(milliseconds) > 0 && Number(milliseconds) < 2000, shown);
  const fields = await developerView(page.getByTestId('revocation-developer'));
  assert.deepEqual([fields.code, fields.status, fields.retryable], ['token_revoked', 'HTTP 401', 'no']);

  // The number is measured: the API allowed the token after the click, and then refused the same token.
  const isOwn = (request) => request.frame() === page.mainFrame() && request.headers().authorization;
  const reads = seen.filter(asksFor('second')).filter(isOwn);
  const statuses = await Promise.all(reads.map(async (request) => (await request.response())?.status()));
  assert.equal(new Set(reads.map((request) => digest(request.headers().authorization))).size, 1);
  assert.deepEqual(statuses, [...statuses.slice(0, -1).fill(200), 401]);
  assert.equal(await page.getByTestId('revocation-requests').locator('.no').count(), 1);

  await page.getByTestId('revocation-renew').click();
  await untilText(page, 'revocation-status', 'allowed: HTTP 200');
  assert.notEqual(await token(), first);
  assert.equal(await page.getByTestId('revocation-revoke').isEnabled(), true);
});

rule('the command that the page shows revokes the token too, and the page notices', {}, async (page) => {
  await page.goto(site);
  for (const label of ['In a terminal', 'With the command line']) {
    await untilText(page, 'revocation-status', 'allowed: HTTP 200');
    const command = await page.locator('#revocation .command', { hasText: label }).locator('pre').innerText();
    await runInShell(command);
    await untilText(page, 'revocation-status', 'refused: token_revoked');
    await page.getByTestId('revocation-renew').click();
  }
  await untilText(page, 'revocation-status', 'allowed: HTTP 200');
});

rule('two tabs make one call for each token, and both count the calls of all', {}, async (page) => {
  const calls = [];
  page.context().on('request', async (request) => (await isShared(request)) && calls.push(request));
  await page.goto(site);
  await untilText(page, 'tabs-tokens', '1');
  const opening = page.context().waitForEvent('page');
  await page.getByTestId('open-tab').click();
  const second = await opening;
  for (const tab of [page, second]) await untilText(tab, 'tabs-open', '2');

  // The first tab received every token. The second one got its first without a call, and then one refresh at least.
  let [first, other] = [];
  const isCounted = (number) => number === calls.length;
  const agree = () => other?.tokens >= 2 && [first.tokens, first.all, other.all].every(isCounted);
  const end = Date.now() + 30_000;
  while (!agree()) {
    assert.ok(Date.now() < end, `${calls.length} calls; the tabs show ${JSON.stringify([first, other])}`);
    await page.waitForTimeout(100);
    [first, other] = await Promise.all([page, second].map(shown));
  }
  assert.equal(first.own + other.own, calls.length);
  assert.ok(other.own < other.tokens, `calls of the second tab: ${other.own}, tokens: ${other.tokens}`);

  await second.close();
  await untilText(page, 'tabs-open', '1');
});

/** What a tab shows of itself and of all. */
async function shown(tab) {
  const texts = ['all-calls', 'calls', 'tokens'].map((name) => tab.getByTestId(`tabs-${name}`).innerText());
  const [all, own, tokens] = (await Promise.all(texts)).map(Number);
  return { all, own, tokens };
}

/** Whether the backend is asked for the token that the tabs share. */
const isShared = createsToken(10);

rule('a token bound to this browser’s key works with a proof, and is refused when it is stolen', {}, async (page) => {
  const seen = requests(page);
  await page.goto(site);
  const fields = await developerView(page.getByTestId('proof-without'));
  assert.deepEqual([fields.code, fields.status], ['invalid_dpop_proof', 'HTTP 401']);
  const shown = await fieldsOf(page.getByTestId('proof-with'));
  assert.equal(shown.status, 'HTTP 200');
  assert.ok(shown.proof.endsWith('/v2/floor/first'), shown.proof);
  assert.match(shown.key, /^[\w-]{43}$/);
  const command = await page.locator('#proof .command pre').innerText();
  assert.ok(command.includes(shown.key), 'the command is for this browser’s key');

  // The requests differ in the proof alone.
  const bound = seen.filter(asksFor('first')).filter((request) => request.headers().authorization?.startsWith('DPoP '));
  assert.deepEqual(bound.map((request) => request.headers().dpop !== undefined), [true, false]);
  assert.deepEqual(await Promise.all(bound.map(async (request) => (await request.response()).status())), [200, 401]);
  assert.equal(new Set(bound.map((request) => digest(request.headers().authorization))).size, 1);

  const isRefused = (response) => response.status() === 401 && asksFor('first')(response.request());
  await Promise.all([page.waitForResponse(isRefused), page.getByTestId('proof-again').click()]);
});

rule('an embed without a token gets one from the page around it, which can close the embed', {}, async (page) => {
  await page.goto(site);
  const place = page.getByTestId('bridge-place');
  const floor = place.frameLocator('iframe').getByTestId('bridged-floor');
  await place.scrollIntoViewIfNeeded();
  await floor.and(place.frameLocator('iframe').locator('[data-floorline="drawn"]')).waitFor();
  await untilText(page, 'bridge-given', '1 token from Northlight’s backend');
  assert.equal(await page.getByTestId('bridge-asked').innerText(), 'floor:readPrivate for 60 s');
  const source = await place.locator('iframe').getAttribute('src');
  assert.equal(source, `${new URL(info.embed).origin}/bridged.html`, 'no token in the address');

  await page.getByTestId('bridge-switch').click();
  assert.equal(await place.locator('iframe').count(), 0);
  await page.getByTestId('bridge-switch').click();
  await floor.and(place.frameLocator('iframe').locator('[data-floorline="drawn"]')).waitFor();
  await untilFloor(page.getByTestId('private-floor'), 'drawn');
});
