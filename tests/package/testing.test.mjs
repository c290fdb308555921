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

test('refusal reads the error of an API, and leaves the body readable', async () => {
  const daypass = await connect({ api, provider });
  const response = Response.json({ error: 'insufficient_scope', message: 'floor:update is missing.' }, { status: 403 });
  const error = await daypass.refusal(response);
  assert.deepEqual([error.code, error.status, error.message], ['insufficient_scope', 403, 'floor:update is missing.']);
  assert.equal((await response.json()).error, 'insufficient_scope');
  for (const body of [{ error: 'closed', message: 'text' }, { error: 'toString', message: 'text' }, null]) {
    assert.equal(await daypass.refusal(Response.json(body, { status: 400 })), null);
  }
});
