// service/deploy/nginx.conf, loaded by Debian's nginx before a real service.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nginx, Service, until } from './world.mjs';

const timeout = 300_000;
const json = { 'content-type': 'application/json' };
const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Requests with a token in each place that nginx could log. Each response may be anything. */
const leaky = (token) => [
  ['/v2/access-token/self?pubtoken=' + token, { headers: { origin: 'https://shop.example' } }],
  ['/v2/access-token/self?access_token=' + token, { headers: { referer: `https://shop.example/?t=${token}` } }],
  ['/nothing/' + token, {}],
  ['/api/1/access_token/' + token.slice(7), {}],
  ['/authn/verify/app/' + token.slice(7), {}],
  // Refused by nginx itself: the body, the length of the line, the version of the protocol.
  ['/v2/access-token?pubtoken=' + token, { method: 'POST', body: 'x'.repeat(70_000) }],
  ['/v2/access-token/self?pubtoken=' + token + 'x'.repeat(40_000), {}],
  ['/v2/access-token/self?pubtoken=' + token, { headers: { 'x-long': 'x'.repeat(40_000) } }],
  ['/v2/access-token/self?pubtoken=' + token, { method: 'TRACE' }],
];

async function leak(nginx, token) {
  const statuses = [];
  for (const [path, options] of leaky(token)) {
    // nginx closes the connection while it receives what is too long.
    const sent = nginx.send(path, options).then(({ status }) => status, () => 'closed');
    statuses.push(await sent);
  }
  return statuses;
}

test('no log of nginx has a token, whether the service answers or not', { timeout }, async (t) => {
  const service = await Service.start(t);
  const { token } = service.create('publishable', '--origin', 'shop.example', '--scope', 'floor:readPublic');
  const nginx = await Nginx.start(t, service);
  const [first, ...others] = await leak(nginx, token);
  assert.equal(first, 200, 'the token is accepted through nginx');
  assert.ok(others.includes(413) && others.includes(414), `nginx itself refuses some: ${others}`);
  await service.stop();
  assert.ok((await leak(nginx, token)).includes(502), 'the service is away');

  await until(() => nginx.logs().includes('"status":"502"'), () => 'nginx logs each request');
  const logs = nginx.logs();
  for (const path of ['/v2/access-token/self', '…', '/api/1/access_token/…', '/authn/verify/…']) {
    assert.ok(logs.includes(`"path":"${path}"`), `the log has the path ${path}`);
  }
  // Not with `assert.doesNotMatch`, which would print the logs.
  assert.ok(!logs.includes(token.slice(7)), 'the logs have no token');
});

test('the error log is at emerg, since it has the query of a request at every other level', { timeout }, async (t) => {
  const service = await Service.start(t);
  const { token } = service.create('publishable', '--origin', 'shop.example', '--scope', 'floor:readPublic');
  const nginx = await Nginx.start(t, service, [['-error.log emerg;', '-error.log error;']]);
  await service.stop();
  await leak(nginx, token);
  await until(() => nginx.logs().includes(token), () => 'nginx no longer logs the query: the level may be `error` now');
});

test('failed sign-ins count for the client that nginx saw, whatever the client says', { timeout }, async (t) => {
  const service = await Service.start(t);
  const nginx = await Nginx.start(t, service);
  const signIn = (number, from) =>
    nginx.send('/v2/session', {
      method: 'POST',
      from,
      headers: { origin: 'https://tokens.example.com', 'x-forwarded-for': `203.0.113.${number}`, ...json },
      body: JSON.stringify({ email: `nobody-${number}@example.com`, password: 'wrong horse battery' }),
    });
  for (const number of Array(100).keys()) assert.equal((await signIn(number, '127.0.0.2')).status, 401);
  assert.equal((await signIn(101, '127.0.0.2')).status, 429, 'a hundred failures of one client are the limit');
  assert.equal((await signIn(102, '127.0.0.3')).status, 401, 'another client is not hindered');
});

test('a revocation comes through the stream at once', { timeout }, async (t) => {
  const service = await Service.start(t);
  const nginx = await Nginx.start(t, service);
  const scopes = ['--scope', 'token:introspect', '--scope', 'token:revoke'];
  const { token } = service.create('secret', ...scopes);
  const stream = await nginx.open('/v2/revocation', { headers: { accept: 'text/event-stream', ...bearer(token) } });
  assert.equal(stream.statusCode, 200);
  t.after(() => stream.destroy());
  let events = '';
  stream.setEncoding('utf8').on('data', (chunk) => (events += chunk));
  await until(() => events.includes('event: heartbeat'), () => 'no heartbeat comes through');

  // The best of three: a busy machine may be late once.
  const times = [];
  for (const before of Array(3).keys()) {
    const { id } = service.create('publishable', '--origin', 'shop.example', '--scope', 'floor:readPublic');
    const start = performance.now();
    const revoked = await nginx.send(`/v2/access-token/${id}`, { method: 'DELETE', headers: bearer(token) });
    assert.equal(revoked.status, 200, revoked.text);
    const count = () => events.split('event: revocation').length - 1;
    await until(() => count() > before, () => 'the revocation does not come through');
    times.push(performance.now() - start);
  }
  assert.ok(Math.min(...times) < 1000, `it takes ${times} ms`);
});

test('a request has one id in the response, the log of nginx and that of the service', { timeout }, async (t) => {
  const service = await Service.start(t);
  const nginx = await Nginx.start(t, service);
  const { headers } = await nginx.send('/health', { headers: { 'x-request-id': 'chosen-by-the-client' } });
  assert.match(headers['x-request-id'], /^[0-9a-f]{32}$/);
  assert.match(headers['strict-transport-security'], /max-age/);
  await until(() => nginx.logs().includes(`"request":"${headers['x-request-id']}"`), () => 'the log has the id');
});
