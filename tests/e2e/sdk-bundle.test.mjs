// Bundles: what opens, what does not and why, and whose clock counts.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, inPage, invented, misspelt, post, reference, signed, temporary } from './backend.mjs';
import { info, rule } from './demo.mjs';

const open = ({ connect, api, service, argument }) =>
  connect({ api, service, bundle: argument }).then((daypass) => ({ ...daypass.parameters, left: daypass.describe().secondsLeft }));
const PARAMETERS = { file: 'second', note: 'as it was' };

function assertOpen({ left, ...parameters }, expected, life) {
  assert.deepEqual(parameters, expected);
  assert.ok(left > life - 15 && left <= life, `${left} s left`);
}

describe('a bundle', { concurrency: 2 }, () => {
  rule('that is none, or was changed, or is for other pages, releases nothing and says why', {}, async (page) => {
    const bundle = await signed();
    const [header, payload, signature] = bundle.split('.');
    const other = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    const none = Buffer.from('{"typ":"bundle+jwt","alg":"none"}').toString('base64url');
    const cases = [
      ['payload', [header, other(payload, 40), signature].join('.'), 'bundle_changed'],
      ['signature', [header, payload, other(signature, 10)].join('.'), 'bundle_changed'],
      ['no signature', [header, payload, ''].join('.'), 'bundle_changed'],
      ['cut off', bundle.slice(0, -10), 'bundle_changed'],
      ['key id', [other(header, 60), payload, signature].join('.'), 'bundle_unknown_key'],
      ['alg none', [none, payload, ''].join('.'), 'bundle_unknown_key'],
      ['a temporary token instead', (await temporary()).authorization.slice(7), 'bundle_unknown_key'],
      ['not signed', Buffer.from('{"file":"second"}').toString('base64url'), 'bundle_malformed'],
      ['made for other pages', await signed(['elsewhere.example']), 'bundle_origin'],
      ['a reference with a typo', misspelt(await reference()), 'bundle_malformed'],
      ['a reference that nobody made', invented('dp_bun_'), 'bundle_refused'],
    ];
    for (const [what, changed, code] of cases) {
      const told = await inPage(page, open, changed);
      assert.deepEqual([told.code, told.name, told.status, told.file], [code, 'DaypassError', 0, undefined], what);
    }
    assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
    assertOpen(await inPage(page, open, await signed(['127.0.0.1'])), PARAMETERS, 600);
  });

  rule('reference lives for an hour, and is refused once the key that made it is revoked', {}, async (page) => {
    const admin = { Authorization: `Bearer ${info.adminToken}` };
    const partner = await post('/v2/access-token', { kind: 'application', name: 'A partner', scopes: ['bundle:create', 'floor:readPrivate'] }, admin);
    const bundle = await reference(partner.token);
    assertOpen(await inPage(page, open, bundle), { file: 'second', auth: partner.id }, 3600);
    assert.equal((await fetch(new URL(`/v2/access-token/${partner.id}`, info.service), { method: 'DELETE', headers: admin })).status, 200);
    assert.equal((await inPage(page, open, bundle)).code, 'bundle_refused');
  });

  rule('opens whatever the visitor’s clock says, and is over when the service’s clock says so', {}, async (page) => {
    await page.goto(backend);
    const bundle = await signed();
    for (const hours of [1, -1]) {
      await page.clock.setFixedTime(Date.now() + hours * 3_600_000);
      assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
      assertOpen(await inPage(page, open, await reference()), { file: 'second', auth: 'northlight-editor' }, 3600);
    }
    await page.clock.setFixedTime(Date.now());
    await page.route(new URL('/.well-known/jwks.json', info.service).href, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), date: new Date(Date.now() + 7_200_000).toUTCString() } });
    });
    assert.equal((await inPage(page, open, bundle)).code, 'bundle_expired');
  });

  rule('is given up when the service hangs', {}, async (page) => {
    const open = ({ connect, api, hanging, ending, argument }) => ending(connect({ api, service: hanging, bundle: argument }));
    await page.goto(backend);
    const endings = await Promise.all([signed(), reference()].map(async (bundle) => inPage(page, open, await bundle)));
    for (const { name, code, retryable, after } of endings) {
      assert.deepEqual([name, code, retryable], ['DaypassError', 'network_failed', true]);
      assert.ok(after < 7_000, `${after} ms`);
    }
  });
});
