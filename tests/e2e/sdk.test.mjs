// The SDK against a real API and service, with a customer's backend that misbehaves on purpose.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import { info, rule } from './demo.mjs';

/** What the backend answers at each path. `life` is what it claims of a token that really lives five seconds. */
const ANSWERS = {
  '/': (response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A customer</title>'),
  '/error': (response) => response.writeHead(500).end('{"authorization":"Bearer no","expiresAt":4102444800}'),
  '/page': (response) => response.end('<!doctype html>'),
  '/shape': (response) => response.end('{"token":"x"}'),
  '/forbidden': (response) => response.writeHead(403).end(),
  '/reset': (response) => response.destroy(),
  '/hang': () => {},
  '/token': async (response) => response.end(JSON.stringify(await temporary())),
  '/boasting': async (response) => response.end(JSON.stringify({ ...(await temporary()), expiresAt: Math.floor(Date.now() / 1000) + 3600 })),
  '/flaky': async (response) => (flaky++ === 1 ? ANSWERS['/error'](response) : ANSWERS['/token'](response)),
};
let flaky = 0;
let asked = 0;

const server = createServer((request, response) => {
  request.resume();
  if (request.method === 'POST') asked += 1;
  (ANSWERS[new URL(request.url, 'http://backend').pathname] ?? ((other) => other.writeHead(404).end()))(response);
});
let backend;
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  backend = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function post(path, body, headers) {
  const options = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
  const response = await fetch(new URL(path, info.service), options);
  assert.equal(response.status, 200, path);
  return response.json();
}

function temporary() {
  const scopes = ['floor:readPrivate', 'floor:update'];
  return post('/v2/temporary-access-token/create', { scopes, durationSeconds: 5 }, { Authorization: `Bearer ${info.secretToken}` });
}

async function signed(origins) {
  const body = { parameters: { file: 'second', note: 'as it was' }, origins, durationSeconds: 600 };
  return (await post('/v2/bundle/create', body, { Authorization: `Bearer ${info.partnerKey}` })).bundle;
}

/** Runs `body` in a page of the backend's origin, with the SDK, the addresses and `argument`. What it throws becomes `{code, …}`. */
async function inPage(page, body, argument) {
  if (!page.url().startsWith(backend)) await page.goto(backend);
  const { service, api, embed, publishableToken } = info;
  const source = `(async ({ sdk, ...given }) => {
    const { connect, initialise, DaypassError } = await import(sdk);
    try { return await (${body})({ connect, initialise, DaypassError, ...given }); }
    catch (error) { return { code: error.code, status: error.status, retryable: error.retryable, message: error.message, help: error.help, name: error.name }; }
  })`;
  const given = { sdk: new URL('/daypass/index.js', embed).href, service, api, publishableToken, argument };
  return page.evaluate(`${source}(${JSON.stringify(given)})`);
}

const PROVIDERS = [
  ['/error', 'provider_failed', /status 500/, true],
  ['/missing', 'provider_failed', /status 404/, true],
  ['/page', 'provider_failed', /not JSON/, true],
  ['/shape', 'provider_failed', /authorization, expiresAt/, true],
  ['/reset', 'provider_failed', /could not be reached/, true],
  ['http://127.0.0.1:9/', 'provider_failed', /could not be reached/, true],
  ['/forbidden', 'provider_forbidden', /no more/, false],
  ['/hang', 'provider_timeout', /did not answer/, true],
];
rule('a provider URL that fails, hangs or answers nonsense is named', {}, async (page) => {
  for (const [provider, code, words, retryable] of PROVIDERS) {
    const told = await inPage(page, ({ connect, api, argument }) => connect({ api, provider: argument }), provider);
    assert.deepEqual([told.name, told.code, told.status, told.retryable], ['DaypassError', code, 0, retryable], provider);
    assert.match(told.message, words);
    assert.ok(told.help.length > 20);
  }
});

rule('a failed call is told and tried again, and the token in use stays', {}, async (page) => {
  flaky = 0;
  const seen = await inPage(page, async ({ connect, api }) => {
    const daypass = await connect({ api, provider: '/flaky' });
    const events = [];
    for (const type of ['refreshing', 'refreshed', 'failed', 'expired']) {
      daypass.addEventListener(type, ({ detail }) => events.push([type, detail?.error?.code, detail?.retryInSeconds > 0]));
    }
    await new Promise((resolve) => daypass.addEventListener('refreshed', resolve));
    const { status } = await daypass.fetch('/v2/floor/first');
    daypass.close();
    return { events, status, peek: daypass.peek() };
  });
  const names = seen.events.map(([type]) => type).filter((type) => type !== 'expired');
  assert.deepEqual(names, ['refreshing', 'failed', 'refreshing', 'refreshed']);
  assert.deepEqual(seen.events.find(([type]) => type === 'failed'), ['failed', 'provider_failed', true]);
  assert.deepEqual([seen.status, seen.peek], [200, null]);
});

rule('401 is answered by one refresh and one replay, bodies included; a stream cannot be sent again', {}, async (page) => {
  const seen = await inPage(page, async ({ connect, api }) => {
    const daypass = await connect({ api, provider: '/boasting' });
    const statuses = [];
    const put = (body) => daypass.fetch('/v2/floor/first/name', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body });
    const end = () => new Promise((resolve) => setTimeout(resolve, 6_000));
    await end();
    const many = await Promise.all(Array.from({ length: 20 }, () => daypass.fetch('/v2/floor/first')));
    statuses.push(...new Set(many.map(({ status }) => status)));
    const { name } = await many[0].json();
    await end();
    statuses.push((await put(JSON.stringify({ name }))).status);
    await end();
    const stream = new Blob([JSON.stringify({ name })]).stream();
    const options = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: stream, duplex: 'half' };
    const error = await daypass.fetch('/v2/floor/first/name', options).catch(({ code }) => code);
    daypass.close();
    return { statuses, error };
  });
  assert.deepEqual(seen.statuses, [200, 200]);
  // Chromium does not send streams over HTTP/1.1 at all; either way nothing was sent twice.
  assert.ok(['body_not_replayable', 'network_failed'].includes(seen.error), seen.error);
});

rule('callers at the same time share one call', {}, async (page) => {
  asked = 0;
  const same = await inPage(page, async ({ connect, api }) => {
    const daypass = await connect({ api, provider: '/token' });
    const all = await Promise.all(Array.from({ length: 50 }, () => daypass.authorization()));
    daypass.close();
    return new Set(all).size;
  });
  assert.deepEqual([same, asked], [1, 1]);
});

rule('a changed bundle releases nothing and says why', {}, async (page) => {
  const bundle = await signed([]);
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
    ['a token instead', (await temporary()).authorization.slice(7), 'bundle_unknown_key'],
    ['not signed', Buffer.from('{"file":"second"}').toString('base64url'), 'bundle_malformed'],
    ['made for other pages', await signed(['elsewhere.example']), 'bundle_origin'],
  ];
  const open = ({ connect, api, service, argument }) => connect({ api, service, bundle: argument }).then(({ parameters }) => parameters);
  for (const [what, changed, code] of cases) {
    const told = await inPage(page, open, changed);
    assert.deepEqual([told.code, told.file], [code, undefined], what);
  }
  assert.deepEqual(await inPage(page, open, bundle), { file: 'second', note: 'as it was' });
  assert.deepEqual(await inPage(page, open, await signed(['127.0.0.1'])), { file: 'second', note: 'as it was' });
});

rule('a reference is refused once the key that made it is revoked', {}, async (page) => {
  const admin = { Authorization: `Bearer ${info.adminToken}` };
  const response = await fetch(new URL('/v2/access-token', info.service), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...admin },
    body: JSON.stringify({ kind: 'application', name: 'A partner', scopes: ['bundle:create', 'floor:readPrivate'] }),
  });
  assert.equal(response.status, 201);
  const partner = await response.json();
  const { token } = await post('/generate', { file: 'second' }, { 'x-api-key': partner.token });
  const open = ({ connect, api, service, argument }) => connect({ api, service, bundle: argument }).then(({ parameters }) => parameters);
  assert.deepEqual(await inPage(page, open, token), { file: 'second', auth: partner.id });
  assert.equal((await fetch(new URL(`/v2/access-token/${partner.id}`, info.service), { method: 'DELETE', headers: admin })).status, 200);
  assert.equal((await inPage(page, open, token)).code, 'bundle_refused');
});

rule('an expired bundle is told so', {}, async (page) => {
  const bundle = await signed([]);
  await page.clock.setFixedTime(Date.now() + 3_600_000);
  const told = await inPage(page, ({ connect, api, service, argument }) => connect({ api, service, bundle: argument }), bundle);
  assert.equal(told.code, 'bundle_expired');
});

rule('an API that cannot be reached is a network failure; an abort stays an abort', {}, async (page) => {
  const down = ({ connect, service, publishableToken }) =>
    connect({ api: 'http://127.0.0.1:9/', service, publishableToken }).then((daypass) => daypass.fetch('/v2/floor/ground'));
  const told = await inPage(page, down);
  assert.deepEqual([told.code, told.retryable], ['network_failed', true]);
  const aborted = ({ connect, api, publishableToken }) =>
    connect({ api, publishableToken }).then((daypass) => daypass.fetch('/v2/floor/ground', { signal: AbortSignal.abort() }));
  assert.equal((await inPage(page, aborted)).name, 'AbortError');
});

rule('a load that failed can be tried again', {}, async (page) => {
  const seen = await inPage(page, async ({ connect, initialise, api, publishableToken }) => {
    const failed = await initialise({ module_or_path: '/missing' }).then(() => false, () => true);
    const daypass = await connect({ api, publishableToken });
    return { failed, status: (await daypass.fetch('/v2/floor/ground')).status };
  });
  assert.deepEqual(seen, { failed: true, status: 200 });
});

rule('a refusal in an answer becomes the typed error, and the body stays readable', {}, async (page) => {
  const seen = await inPage(page, async ({ connect, api, publishableToken, DaypassError }) => {
    const daypass = await connect({ api, publishableToken });
    const response = await daypass.fetch('/v2/floor/first');
    const error = await daypass.refusal(response);
    const body = await response.json();
    const good = await daypass.refusal(await daypass.fetch('/v2/floor/ground'));
    return { typed: error instanceof DaypassError && error instanceof Error, code: error.code, status: error.status, body: body.error, scope: body.scope, good };
  });
  assert.deepEqual(seen, { typed: true, code: 'insufficient_scope', status: 403, body: 'insufficient_scope', scope: 'floor:readPrivate', good: null });
});
