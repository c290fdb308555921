// The mock for tests of pages: it behaves as the SDK does, without network and without time.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { join } from 'node:path';
import { installed } from './world.mjs';

const { connect, Daypass, DaypassError, initialise, mock } = await import(join(installed, 'dist/testing.js'));
const api = 'https://api.example.com/v2';
const provider = () => {
  throw new Error('the mock calls no provider');
};
afterEach(() => mock.reset());

test('a connection has a fixed token, and the scopes that were requested', async () => {
  await initialise();
  const daypass = await connect({ api, provider, scopes: ['floor:readPrivate'] });
  assert.ok(daypass instanceof Daypass);
  assert.deepEqual([await daypass.authorization(), daypass.peek()], Array(2).fill('Bearer test-token'));
  assert.deepEqual([daypass.can('floor:readPrivate:ground'), daypass.can('floor:update')], [true, false]);
  assert.throws(() => daypass.can('floor'), { code: 'invalid_options' });
  assert.throws(() => daypass.require('floor:update'), {
    code: 'insufficient_scope',
    status: 403,
    message: /floor:update/,
  });
  assert.deepEqual(daypass.describe(), {
    kind: 'temporary',
    scopes: ['floor:readPrivate'],
    origins: null,
    subject: null,
    claims: null,
    lifetimeSeconds: 3600,
    secondsLeft: 3600,
    refreshInSeconds: null,
  });
  assert.equal(daypass.parameters, null);
});

test('settings name the token, its lifetime, its scopes and the parameters of a bundle', async () => {
  mock.set({ authorization: 'Bearer mine', lifetimeSeconds: 60, scopes: ['floor:*'], parameters: { file: 'first' } });
  const daypass = await connect({ api, service: api, bundle: 'text' });
  assert.deepEqual(
    [daypass.peek(), daypass.parameters, daypass.can('floor:update')],
    ['Bearer mine', { file: 'first' }, true],
  );
  assert.deepEqual([daypass.describe().kind, daypass.describe().lifetimeSeconds], ['bundle', 60]);
  const contents = { origins: ['shop.example'], subject: 'visitor-7', claims: { plan: 'gold' } };
  mock.set(contents);
  const { origins, subject, claims } = daypass.describe();
  assert.deepEqual({ origins, subject, claims }, contents);
  mock.set({ scopes: null });
  assert.deepEqual([daypass.can('floor:update'), daypass.describe().scopes], [null, null]);
});

test('fetch asks the test, with the absolute URL and the credential', async () => {
  const daypass = await connect({ api, provider });
  const { fetch } = daypass;
  await assert.rejects(fetch('/floor/first'), { code: 'network_failed', message: /mock\.set/ });
  const seen = [];
  mock.set({
    fetch: (url, { method, headers }) => (seen.push([url, method, headers]), new Response('the first floor')),
  });
  assert.equal(
    await (await fetch('/floor/first', { method: 'POST', headers: [['x-own', '1']] })).text(),
    'the first floor',
  );
  await fetch(new Request(`${api}/floor`, { headers: { 'x-own': '2' } }));
  await assert.rejects(fetch('https://www.example.com/'), { code: 'foreign_url' });
  const Authorization = 'Bearer test-token';
  assert.deepEqual(seen, [
    [`${api}/floor/first`, 'POST', { 'x-own': '1', Authorization }],
    [`${api}/floor`, 'GET', { 'x-own': '2', Authorization }],
  ]);
});

test('hooks of other clients get the URL and the headers', async () => {
  const headers = { Authorization: 'Bearer test-token' };
  const { authorize, transformRequest } = await connect({ api, provider });
  assert.deepEqual(transformRequest('/tiles/{z}/{x}.png'), { url: `${api}/tiles/{z}/{x}.png`, headers });
  assert.deepEqual(await authorize(`${api}/floor`), { url: `${api}/floor`, headers });
  const foreign = { url: 'https://www.example.com/', headers: {} };
  assert.deepEqual([transformRequest(foreign.url), await authorize(foreign.url)], [foreign, foreign]);

  const published = await connect({ api, publishableToken: 'dp_pub_text' });
  assert.deepEqual(published.transformRequest('/floor'), { url: `${api}/floor?pubtoken=dp_pub_text`, headers: {} });
  assert.equal(
    published.transformRequest('wss://api.example.com/v2/live').url,
    'wss://api.example.com/v2/live?pubtoken=dp_pub_text',
  );
  assert.deepEqual([await published.headers('/floor'), published.describe().kind], [{}, 'publishable']);

  const bound = await connect({ api, provider, dpop: true });
  assert.throws(() => bound.transformRequest('/floor'), { code: 'dpop_required' });
  assert.deepEqual(await bound.headers('/floor'), { ...headers, DPoP: 'test-proof' });
});

test('the test refreshes, fails and expires a connection that the page opened', async () => {
  await connect({ api, provider });
  const [daypass] = mock.connections;
  const events = [];
  for (const type of ['refreshing', 'refreshed', 'failed', 'expired', 'closed']) {
    daypass.addEventListener(type, ({ detail }) => events.push([type, detail?.error?.code ?? detail]));
  }
  assert.equal(await daypass.unauthorized(), false, 'the token is the same');
  mock.set({ authorization: 'Bearer second' });
  assert.equal(daypass.peek(), 'Bearer test-token', 'until a refresh');
  assert.equal(await daypass.unauthorized(), true);
  assert.equal(daypass.peek(), 'Bearer second');
  mock.set({ failure: 'provider_failed' });
  daypass.mock.refresh();
  await assert.rejects(daypass.refresh(), (error) => error instanceof DaypassError && error.retryable);
  daypass.mock.expire();
  assert.deepEqual([daypass.peek(), daypass.describe().secondsLeft], [null, 0]);
  await assert.rejects(daypass.authorization(), { code: 'token_expired' });
  assert.throws(() => daypass.transformRequest('/floor'), { code: 'token_expired' });
  mock.set({ failure: undefined });
  await daypass.refresh();
  assert.equal(daypass.peek(), 'Bearer second');
  await daypass.signOut();
  const [refreshing, refreshed] = [
    ['refreshing', { attempt: 1 }],
    ['refreshed', { lifetimeSeconds: 3600 }],
  ];
  const failed = ['failed', 'provider_failed'];
  assert.deepEqual(events, [
    ...[refreshing, refreshed, refreshing, refreshed, refreshing, failed, refreshing, failed],
    ...[['expired', null], refreshing, refreshed, ['closed', null]],
  ]);
  assert.deepEqual(mock.connections, []);
});

test('a closed connection fails with the code closed', async () => {
  const daypass = await connect({ api, provider });
  mock.reset();
  for (const call of [daypass.authorization(), daypass.fetch('/floor'), daypass.headers('/floor'), daypass.refresh()]) {
    await assert.rejects(call, { code: 'closed' });
  }
  assert.throws(() => daypass.transformRequest('/floor'), { code: 'closed' });
  assert.deepEqual([daypass.peek(), await daypass.unauthorized()], [null, false]);
});

test('connect fails as the settings say, and for options that are no connection', async () => {
  mock.set({ failure: 'provider_forbidden' });
  await assert.rejects(connect({ api, provider }), { name: 'DaypassError', code: 'provider_forbidden', status: 403 });
  mock.reset();
  for (const options of [undefined, {}, { api }, { provider }, { api: 'https://', provider }]) {
    await assert.rejects(connect(options), { code: 'invalid_options' });
  }
  await assert.rejects(connect({ api, provider, signal: AbortSignal.abort(new Error('left')) }), { message: 'left' });
  assert.deepEqual(mock.connections, []);
});

test('options are refused as the SDK refuses them', async () => {
  const temporaryToken = { authorization: 'Bearer text', expiresAt: 4_000_000_000 };
  const wrong = [
    [{ api: 'ftp://x', provider }, /`api` is not an http/],
    [{ api: 7, provider }, /`api` is not an http/],
    [{ api, service: 'https://', provider }, /`service` is not/],
    [{ api, provider: 7 }, /`provider` must be a URL or a function, and is a number/],
    [{ api, provider: 'data:,' }, /`provider` is not/],
    [{ api, provider, publishableToken: 'text' }, /more than one way in: `publishableToken`, `provider`/],
    [{ api, provider, scopes: 'a:b' }, /`scopes` must be an array/],
    [{ api, provider, scopes: ['floor'] }, /`scopes` must be an array/],
    [{ api, provider, durationSeconds: 0 }, /`durationSeconds` must be/],
    [{ api, provider, dpop: 1 }, /`dpop` must be true or false/],
    [{ api, provider, share: '' }, /`share` must be a name/],
    [{ api, provider, timeoutSeconds: -1 }, /`timeoutSeconds` must be/],
    [{ api, provider, maxRetryAfterSeconds: '1' }, /`maxRetryAfterSeconds` must be/],
    [{ api, provider, signal: {} }, /`signal` must be an AbortSignal/],
    [{ api, provider, temporaryToken: { authorization: 'text', expiresAt: 1 } }, /`temporaryToken` must be/],
    [{ api, temporaryToken: { ...temporaryToken, expiresAt: 4_000_000_000_000 } }, /`temporaryToken` must be/],
    [{ api, bundle: 'text' }, /`service` is missing/],
    [{ api, service: api, bundle: {} }, /`bundle` must be a string/],
    [{ api, service: api, bundle: { from: 'query', name: '' } }, /`bundle.name`/],
    [{ api, host: 7 }, /`host` must be a string/],
    [{ api, host: [] }, /`host` must name/],
  ];
  mock.set({ failure: 'provider_forbidden' });
  for (const [options, message] of wrong) {
    await assert.rejects(connect(options), { code: 'invalid_options', message }, JSON.stringify(options));
  }
  mock.reset();
  await assert.rejects(connect({ api, temporaryToken: { ...temporaryToken, expiresAt: 1 } }), { code: 'token_expired' });
  assert.deepEqual(mock.connections, []);
  for (const options of [{ temporaryToken }, { provider, temporaryToken }, { host: '*.example.com' }]) {
    (await connect({ api, ...options })).close();
  }
});

test('a path outside the base is foreign, as it is to the SDK', async () => {
  const daypass = await connect({ api, provider });
  await assert.rejects(daypass.fetch('../other'), { code: 'foreign_url' });
  await assert.rejects(daypass.headers('/../../other'), { code: 'foreign_url' });
  assert.deepEqual(await daypass.authorize('../other'), { url: '../other', headers: {} });
  assert.equal((await daypass.authorize('https://api.example.com/v1')).url, 'https://api.example.com/v1');
  const bound = await connect({ api, provider, dpop: true });
  assert.equal((await bound.authorize('/floor')).headers.DPoP, 'test-proof');
});

test('a 401 causes one refresh and one more request, as in the SDK', async () => {
  const daypass = await connect({ api, provider });
  const events = [];
  for (const type of ['refreshing', 'refreshed', 'failed']) daypass.addEventListener(type, () => events.push(type));
  const sent = [];
  const answers = (...statuses) => {
    events.length = sent.length = 0;
    const fetch = (_, { headers }) => {
      sent.push(headers.Authorization);
      const [status, headersOfAnswer] = [statuses.shift()].flat();
      return new Response('', { status, headers: headersOfAnswer });
    };
    mock.set({ fetch, authorization: 'Bearer first' });
  };
  answers(401, 200);
  assert.equal((await daypass.fetch('/floor')).status, 200);
  assert.deepEqual([sent, events], [['Bearer test-token', 'Bearer first'], ['refreshing', 'refreshed']]);
  answers(401, 401, 200);
  assert.equal((await daypass.fetch('/floor')).status, 401);
  assert.deepEqual([sent.length, events], [2, ['refreshing', 'refreshed']]);
  answers(401, 401, 200, 200);
  const both = await Promise.all([daypass.fetch('/floor'), daypass.fetch('/floor')]);
  assert.deepEqual([both.map(({ status }) => status), events], [[200, 200], ['refreshing', 'refreshed']]);
  for (const answer of [403, [401, { 'WWW-Authenticate': 'Bearer error="insufficient_user_authentication"' }]]) {
    answers(answer, 200);
    assert.ok([401, 403].includes((await daypass.fetch('/floor')).status));
    assert.deepEqual(events, []);
  }
  answers(401, 200);
  const body = new ReadableStream();
  const streamed = daypass.fetch('/floor', { method: 'POST', body, duplex: 'half' });
  await assert.rejects(streamed, { code: 'body_not_replayable' });
  answers(401, 200);
  mock.set({ failure: 'provider_failed' });
  assert.equal((await daypass.fetch('/floor')).status, 401, "without a token the API's word stands");
  mock.set({ failure: undefined });
  const published = await connect({ api, publishableToken: 'text' });
  answers(401, 200);
  assert.equal((await published.fetch('/floor')).status, 401);
});

test('only a connection with a source of tokens refreshes, and only for a 401 of the API', async () => {
  const temporaryToken = { authorization: 'Bearer text', expiresAt: 4_000_000_000 };
  const given = await connect({ api, temporaryToken });
  const daypass = await connect({ api, provider });
  mock.set({ authorization: 'Bearer second' });
  await assert.rejects(given.refresh(), { code: 'invalid_options', message: /needs a `provider`/ });
  assert.equal(await given.unauthorized(), false);
  given.mock.refresh();
  assert.equal(given.peek(), 'Bearer test-token');
  const other = new Response('', { status: 401, headers: { 'WWW-Authenticate': 'Basic' } });
  for (const what of ['https://www.example.com/', new Response('', { status: 403 }), other]) {
    assert.equal(await daypass.unauthorized(what), false);
  }
  assert.equal(daypass.peek(), 'Bearer test-token');
  assert.equal(await daypass.unauthorized(new Response('', { status: 401 })), true);
  await daypass.signOut();
  assert.throws(() => daypass.transformRequest('https://www.example.com/'), { code: 'closed' });
  assert.equal(daypass.can('floor:update'), null);
});

test('refusal reads the error of an API, and leaves the body readable', async () => {
  const daypass = await connect({ api, provider });
  const help = 'Ask the owner of the floor.';
  const body = { error: 'insufficient_scope', message: 'floor:update is missing.' };
  const response = Response.json(body, { status: 403 });
  const error = await daypass.refusal(response);
  assert.match(error.help, /sent no help/);
  assert.equal((await daypass.refusal(Response.json({ ...body, help }, { status: 403 }))).help, help);
  assert.deepEqual([error.code, error.status, error.message], ['insufficient_scope', 403, 'floor:update is missing.']);
  assert.equal((await response.json()).error, 'insufficient_scope');
  for (const body of [{ error: 'closed', message: 'text' }, { error: 'toString', message: 'text' }, null]) {
    assert.equal(await daypass.refusal(Response.json(body, { status: 400 })), null);
  }
});
