// Each refusal as the visitor sees it and as the developer sees it.
import assert from 'node:assert/strict';
import { asksFor, createsToken, developerView, digest, filterRequests, info } from './demo.mjs';
import { requests, rule, site, untilFloor } from './demo.mjs';

const { origin } = new URL(info.site);
const REFUSALS = [
  { id: 'wrong-origin', code: 'origin_not_allowed', status: 403, names: [origin, '*.northlight.example'] },
  { id: 'revoked', code: 'token_revoked', status: 401, names: [] },
  { id: 'missing-scope', code: 'insufficient_scope', status: 403, names: ['floor:readPrivate'] },
  { id: 'expired', code: 'token_expired', status: 401, names: [] },
];

rule('each refusal is calm for the visitor and exact for the developer', {}, async (page) => {
  const seen = requests(page);
  const logged = [];
  page.on('console', (message) => logged.push(message.text()));
  await page.goto(site);

  // Expired: the same token works first.
  const expired = page.getByTestId('refusal-expired');
  await untilFloor(expired.locator('.visitor'), 'drawn');
  await expired.getByText(/^Ends in [1-5] s$/).waitFor();

  for (const { id, code, status, names } of REFUSALS) {
    const refusal = page.getByTestId(`refusal-${id}`);
    const visitor = refusal.locator('.visitor');
    await untilFloor(visitor, 'refused');
    const words = await visitor.locator('.refused').innerText();
    assert.match(words, /^This floor plan can’t be shown here right now/);
    assert.doesNotMatch(words, /token|scope|origin|\d|_/i);

    const fields = await developerView(refusal.locator('.developer'));
    assert.deepEqual([fields.code, fields.status, fields.retryable], [code, `HTTP ${status}`, 'no']);
    assert.ok(fields.help.length > 0, `${id} has help`);
    for (const name of names) assert.ok(fields.message.includes(name), `${id} names ${name}`);

    const lines = logged.filter((line) => line.startsWith(`Floorline: ${code} (${status})`));
    assert.equal(lines.length, 1, `${id} is in the console once`);
  }

  // A token that has ended is not even sent.
  const [short] = await filterRequests(seen, createsToken(5));
  const token = digest((await (await short.response()).json()).authorization);
  const isOwn = (request) => digest(request.headers().authorization ?? '') === token;
  const sent = seen.filter(asksFor('first')).filter(isOwn);
  assert.equal(sent.length, 1, 'requests with the token that ended');
});
