// The three ways in, in a real browser on real origins.
import assert from 'node:assert/strict';
import { asksFor, createsToken, developerView, digest, filterRequests, info, LIFE, openEditor } from './demo.mjs';
import { preflights, requests, rule, site, untilFloor } from './demo.mjs';

rule('a publishable token draws the public floor with one request and no preflight', {}, async (page) => {
  const seen = requests(page);
  const preflighted = await preflights(page);
  await page.goto(site);
  const floor = page.getByTestId('public-floor');
  await untilFloor(floor, 'drawn');
  await untilFloor(page.getByTestId('private-floor'), 'drawn');

  const isOwn = (request) => new URL(request.url()).searchParams.get('pubtoken') === info.publishableToken;
  const mine = seen.filter(asksFor('ground')).filter(isOwn);
  assert.equal(mine.length, 1, 'requests for the public floor');
  assert.equal((await mine[0].allHeaders()).authorization === undefined, true, 'the token is in the query only');
  assert.deepEqual(preflighted.filter((path) => path.endsWith('/ground')), []);
  const isSeen = preflighted.some((path) => path.endsWith('/first'));
  assert.ok(isSeen, 'a preflight that a temporary token needs is seen');

  assert.match(await page.getByTestId('public-cost').innerText(), /^1 request, no preflight, \d+ ms$/);
  await assertDrawn(floor, 'ground');
});

rule('a temporary token is refreshed before it expires and reads the floor, until close()', {}, async (page) => {
  const seen = requests(page);
  await page.goto(site);
  const floor = page.getByTestId('private-floor');
  const log = page.getByTestId('log');
  await log.locator('[data-event="refreshed"]').nth(1).waitFor();
  await log.locator('[data-event="drawn"]').nth(2).waitFor();
  const late = log.locator('[data-event="failed"], [data-event="expired"]');
  assert.equal(await late.count(), 0, 'no refresh failed or came late');
  await assertDrawn(floor, 'first');

  // The tokens that the backend gave for this floor, and those that read it.
  const given = await Promise.all((await filterRequests(seen, isRefresh)).map(tokenGiven));
  const answered = seen.filter(asksFor('first')).filter(hasAuthorization);
  const used = await Promise.all(answered.map(tokenUsed));
  const good = new Set(used.filter((token) => given.includes(token)));
  assert.ok(given.length >= 3, `tokens given: ${given.length}`);
  assert.equal(new Set(given).size, given.length, 'each token is another one');
  assert.ok(good.size >= 3, `different tokens that read the floor: ${good.size}`);

  const life = page.getByTestId('life').getByRole('progressbar');
  assert.match(await life.getAttribute('aria-valuetext'), /^[0-6] seconds$/);

  await page.getByTestId('private-switch').click();
  await log.locator('[data-event="closed"]').waitFor();
  const before = seen.length;
  // There is no event to wait for: no request may come for longer than a token lasts.
  await page.waitForTimeout((LIFE + 1) * 1000);
  const after = await filterRequests(seen.slice(before), (request) => asksFor('first')(request) || isRefresh(request));
  assert.equal(after.length, 0, 'requests after close()');
  await untilFloor(floor, 'drawn');

  await Promise.all([page.waitForRequest(isRefresh), page.getByTestId('private-switch').click()]);
  await log.locator('[data-event="closed"] ~ [data-event="drawn"]').first().waitFor();
});

const PARAMETERS = {
  file: 'second',
  userId: 'ana',
  access: 'edit',
  locale: 'en',
  workspace: 'northlight/quay-4',
  server: new URL(info.api).origin,
  deskPlan: { revision: 12, pins: [[4.5, 2], [7.25, 6.75]], note: 'Fensterplätze – ruhig', approvedBy: null },
};

// A redeemed reference also names the application token that made it, as Kudo's `GET /verify` does.
const REDEEMED = { ...PARAMETERS, auth: 'northlight-editor' };

const BUNDLES = [
  { kind: 'reference', title: 'a bundle reference', redeems: true, expected: REDEEMED },
  { kind: 'signed', title: 'a signed bundle', redeems: false, expected: PARAMETERS },
];

for (const { kind, title, redeems, expected } of BUNDLES) {
  rule(`${title} unpacks to the exact parameters, draws its floor, and leaves the address`, {}, async (page) => {
    await page.goto(site);
    const editor = page.frameLocator('[data-testid="editor-frame"]');
    const drawn = editor.locator('[data-testid="editor-floor"][data-floorline="drawn"]');
    await drawn.waitFor(); // what the page opens by itself
    const seen = requests(page);
    await openEditor(page, kind);
    const table = editor.getByTestId('parameters');
    await table.waitFor();
    const read = (all) => all.map(({ cells: [name, value] }) => [name.textContent, JSON.parse(value.textContent)]);
    const rows = await table.locator('tbody tr').evaluateAll(read);
    assert.deepEqual(Object.fromEntries(rows), expected);
    await drawn.waitFor();
    await assertDrawn(editor.getByTestId('editor-floor'), 'second');

    const frame = page.frames().find((candidate) => candidate.url().startsWith(info.embed));
    const traces = await frame.evaluate(() => [location.search, location.hash, document.referrer, history.state]);
    assert.deepEqual(traces, ['', '', '', null]);
    const redeemed = seen.some((request) => new URL(request.url()).pathname === '/verify');
    assert.equal(redeemed, redeems, 'asked the token service to redeem it');
  });
}

rule('a page of an origin that the token does not allow gets an error that says so', {}, async (page) => {
  const elsewhere = new URL(site);
  elsewhere.hostname = 'localhost';
  await page.goto(elsewhere.href);
  await untilFloor(page.getByTestId('public-floor'), 'refused');
  const fields = await developerView(page.getByTestId('public-developer'));
  assert.equal(fields.code, 'origin_not_allowed');
  assert.equal(fields.status, 'HTTP 403');
  assert.ok(fields.message.includes(elsewhere.origin), 'names the origin seen');
  assert.ok(fields.message.includes('127.0.0.1'), 'names the origins allowed');
  // Temporary tokens come from the page's own backend and are bound to no origin.
  await untilFloor(page.getByTestId('private-floor'), 'drawn');
});

/** Whether the backend is asked for a token of the private floor. */
const isRefresh = createsToken(LIFE);

async function tokenGiven(request) {
  const response = await request.response();
  const { authorization } = await response.json();
  return digest(authorization);
}

/** The token of a request that the API allowed. */
async function tokenUsed(request) {
  const response = await request.response();
  return response.status() === 200 && digest(request.headers().authorization);
}

function hasAuthorization(request) {
  return request.headers().authorization !== undefined;
}

/** The drawing has the rooms that the API has: asked here as a backend would, with the secret token. */
async function assertDrawn(element, id) {
  const headers = { Authorization: `Bearer ${info.secretToken}` };
  const response = await fetch(new URL(`/v2/floor/${id}`, info.api), { headers });
  assert.equal(response.status, 200);
  const floor = await response.json();
  assert.equal(await element.locator('polygon').count(), floor.rooms.length);
  const title = await element.locator('svg > title').textContent();
  for (const { name } of floor.rooms) assert.ok(title.includes(name), `the drawing has ${name}`);
  assert.ok(title.startsWith(floor.name));
}
