// Bundles: which ones open, why others do not, and which clock decides.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  backend,
  createReference,
  createSignedBundle,
  createTemporaryToken,
  findRequests,
  inPage,
  inventToken,
  misspell,
  post,
} from './backend.mjs';
import { info, rule } from './demo.mjs';

const open = ({ connect, api, service, argument }) =>
  connect({ api, service, bundle: argument }).then((daypass) => ({
    ...daypass.parameters,
    left: daypass.describe().secondsLeft,
  }));
const PARAMETERS = { file: 'second', note: 'as it was' };

function assertOpen({ left, ...parameters }, expected, life) {
  assert.deepEqual(parameters, expected);
  assert.ok(left > life - 15 && left <= life, `${left} s left`);
}

describe('a bundle', { concurrency: 2 }, () => {
  rule('that is malformed, changed or for other pages releases nothing and says why', {}, async (page) => {
    const bundle = await createSignedBundle();
    const [header, payload, signature] = bundle.split('.');
    const other = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    const algNone = Buffer.from('{"typ":"bundle+jwt","alg":"none"}').toString('base64url');
    const cases = [
      ['payload', [header, other(payload, 40), signature].join('.'), 'bundle_changed'],
      ['signature', [header, payload, other(signature, 10)].join('.'), 'bundle_changed'],
      ['no signature', [header, payload, ''].join('.'), 'bundle_changed'],
      ['cut off', bundle.slice(0, -10), 'bundle_changed'],
      ['key id', [other(header, 60), payload, signature].join('.'), 'bundle_unknown_key'],
      ['alg none', [algNone, payload, ''].join('.'), 'bundle_unknown_key'],
      ['a temporary token instead', (await createTemporaryToken()).authorization.slice(7), 'bundle_unknown_key'],
      ['not signed', Buffer.from('{"file":"second"}').toString('base64url'), 'bundle_malformed'],
      ['made for other pages', await createSignedBundle(['elsewhere.example']), 'bundle_origin'],
      ['a reference with a typo', misspell(await createReference()), 'bundle_malformed'],
      ['a reference that was never issued', inventToken('dp_bun_'), 'bundle_refused'],
    ];
    for (const [what, changed, code] of cases) {
      const error = await inPage(page, open, changed);
      assert.deepEqual([error.code, error.name, error.status, error.file], [code, 'DaypassError', 0, undefined], what);
    }
    assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
    assertOpen(await inPage(page, open, await createSignedBundle(['127.0.0.1'])), PARAMETERS, 600);
  });

  rule('that this browser cannot verify is not reported as changed', {}, async (page) => {
    const bundle = await createSignedBundle();
    await page.addInitScript(() => {
      const refuse = () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'));
      Object.defineProperty(crypto.subtle, 'importKey', { value: refuse });
    });
    const { code, help } = await inPage(page, open, bundle);
    assert.equal(code, 'bundle_unverifiable');
    assert.match(help, /by reference/);
    assertOpen(await inPage(page, open, await createReference()), { file: 'second', auth: 'northlight-editor' }, 3600);
  });

  rule('that is single-use opens in one browser, which may load its page again', {}, async (page) => {
    const body = { parameters: { file: 'second' }, singleUse: true, durationSeconds: 600 };
    const create = async () => (await post('/v2/bundle/create', body, { Authorization: `Bearer ${info.partnerKey}` })).bundle;
    const reference = await create();
    const expected = { file: 'second', auth: 'northlight-editor' };
    assertOpen(await inPage(page, open, reference), expected, 600);
    await page.reload();
    assertOpen(await inPage(page, open, reference), expected, 600);
    // The reference is no token: what the page got for it is.
    const use = ({ connect, api, service, argument }) =>
      connect({ api, service, bundle: argument }).then(async (daypass) => {
        const response = await daypass.fetch('/v2/floor/second');
        return { status: response.status, isReference: daypass.peek().endsWith(argument), can: daypass.can('floor:readPrivate') };
      });
    assert.deepEqual(await inPage(page, use, reference), { status: 200, isReference: false, can: true });
    const direct = await fetch(new URL('/v2/floor/second', info.api), { headers: { Authorization: `Bearer ${reference}` } });
    assert.equal(direct.status, 403);

    const other = await page.context().browser().newContext();
    const { code, status, retryable } = await inPage(await other.newPage(), open, reference);
    assert.deepEqual([code, status, retryable], ['bundle_used', 403, false]);
    await other.close();

    // Without storage the tab is not known again.
    const once = await create();
    await page.addInitScript(() => Object.defineProperty(globalThis, 'sessionStorage', { get: () => { throw new DOMException('', 'SecurityError'); } }));
    await page.reload();
    assertOpen(await inPage(page, open, once), expected, 600);
    assert.equal((await inPage(page, open, once)).code, 'bundle_used');
  });

  rule('reference is not sent on when its service redirects', {}, async (page) => {
    const redeem = ({ connect, api, ownApi, argument }) =>
      connect({ api, service: `${ownApi}/moved`, bundle: argument });
    assert.equal((await inPage(page, redeem, await createReference())).code, 'network_failed');
    assert.deepEqual([findRequests('/moved/verify').length, findRequests('/elsewhere/moved/verify').length], [1, 0]);
  });

  rule('reference is valid for an hour, and refused once the key that created it is revoked', {}, async (page) => {
    const admin = { Authorization: `Bearer ${info.ownerToken}` };
    const partner = await post(
      '/v2/access-token',
      { kind: 'application', name: 'A partner', scopes: ['bundle:create', 'floor:readPrivate'] },
      admin,
    );
    const bundle = await createReference(partner.token);
    assertOpen(await inPage(page, open, bundle), { file: 'second', auth: partner.id }, 3600);
    assert.equal(
      (await fetch(new URL(`/v2/access-token/${partner.id}`, info.service), { method: 'DELETE', headers: admin }))
        .status,
      200,
    );
    assert.equal((await inPage(page, open, bundle)).code, 'bundle_refused');
  });

  rule('opens with any clock of the visitor, and expires by the clock of the service', {}, async (page) => {
    await page.goto(backend);
    const bundle = await createSignedBundle();
    for (const hours of [1, -1]) {
      await page.clock.setFixedTime(Date.now() + hours * 3_600_000);
      assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
      assertOpen(
        await inPage(page, open, await createReference()),
        { file: 'second', auth: 'northlight-editor' },
        3600,
      );
    }
    await page.clock.setFixedTime(Date.now());
    await page.route(new URL('/.well-known/jwks.json', info.service).href, async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), date: new Date(Date.now() + 7_200_000).toUTCString() },
      });
    });
    assert.equal((await inPage(page, open, bundle)).code, 'bundle_expired');
  });

  rule('opens without the service for a day by its cached keys, and by no other key', {}, async (page) => {
    const bundle = await createSignedBundle();
    const jwks = new URL('/.well-known/jwks.json', info.service).href;
    await page.goto(backend);
    let isDown = true;
    await page.route(jwks, (route) => (isDown ? route.abort() : route.continue()));
    assert.equal((await inPage(page, open, bundle)).code, 'network_failed');
    isDown = false;
    assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
    isDown = true;
    assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
    const [header, payload, signature] = bundle.split('.');
    const other = (text) => (text[20] === 'A' ? text.slice(0, 20) + 'B' : text.slice(0, 20) + 'A') + text.slice(21);
    assert.equal((await inPage(page, open, [header, payload, other(signature)].join('.'))).code, 'bundle_changed');
    // A key that is not cached may be a new one: only the service knows.
    assert.equal((await inPage(page, open, [other(header), payload, signature].join('.'))).code, 'network_failed');
    await page.clock.setFixedTime(Date.now() + 86_400_000);
    assert.equal((await inPage(page, open, bundle)).code, 'network_failed');
  });

  rule('opens by a key under either name of its algorithm among others, and by none of small order', {}, async (page) => {
    const bundle = await createSignedBundle();
    await page.goto(backend);
    let change = (keys) => keys;
    await page.route(new URL('/.well-known/jwks.json', info.service).href, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { keys: change((await response.json()).keys) } });
    });
    const others = [{ kty: 'AKP', pub: 'AA' }, null, 7, { kty: 'OKP', crv: 'Ed25519', kid: 7, x: [] }];
    change = (keys) => [...others, ...keys.map((key) => ({ ...key, alg: 'Ed25519' }))];
    assertOpen(await inPage(page, open, bundle), PARAMETERS, 600);
    // The `y` of points of order 4, 1, 2 and 8, and one that is too large.
    const small = [
      'A'.repeat(43),
      `AQ${'A'.repeat(41)}`,
      `7P${'_'.repeat(39)}38`,
      'JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU',
      'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o',
      `7v${'_'.repeat(39)}38`,
    ];
    for (const x of small) {
      change = (keys) => keys.map((key) => ({ ...key, x }));
      assert.equal((await inPage(page, open, bundle)).code, 'bundle_unknown_key', x);
    }
  });

  rule('is read from the page’s address, and removed from it on request', {}, async (page) => {
    const bundle = await createSignedBundle();
    const opened = async ({ connect, api, service, argument }) => {
      const before = history.length;
      const { parameters } = await connect({ api, service, bundle: argument });
      return [parameters.file, location.search + location.hash, history.length - before];
    };
    await page.goto(`${backend}/page?keep=a%20b&bundle=${bundle}#here`);
    assert.deepEqual(await inPage(page, opened, { from: 'query' }), ['second', `?keep=a%20b&bundle=${bundle}#here`, 0]);
    assert.deepEqual(await inPage(page, opened, { from: 'query', clean: true }), ['second', '?keep=a%20b#here', 0]);
    await page.goto(`${backend}/page?b#view=plan&embed=${bundle}`);
    assert.deepEqual(await inPage(page, opened, { from: 'fragment', name: 'embed', clean: true }), [
      'second',
      '?b#view=plan',
      0,
    ]);
    assert.equal((await inPage(page, opened, { from: 'query' })).code, 'invalid_options');
    // A bundle that does not open stays in the address: the visitor may load the page again.
    await page.goto(`${backend}/page?bundle=x`);
    assert.equal((await inPage(page, opened, { from: 'query', clean: true })).code, 'bundle_malformed');
    assert.equal(await page.evaluate(() => location.search), '?bundle=x');
  });

  rule('fails in time when the service hangs', {}, async (page) => {
    const open = ({ connect, api, hanging, settle, argument }) =>
      settle(connect({ api, service: hanging, bundle: argument }));
    await page.goto(backend);
    const endings = await Promise.all(
      [createSignedBundle(), createReference()].map(async (bundle) => inPage(page, open, await bundle)),
    );
    for (const { name, code, retryable, after } of endings) {
      assert.deepEqual([name, code, retryable], ['DaypassError', 'network_failed', true]);
      assert.ok(after < 7_000, `${after} ms`);
    }
  });
});
