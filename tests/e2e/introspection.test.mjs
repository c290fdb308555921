// Introspection by a resource server that knows the standards alone: `openid-client` finds the service by its metadata
// (RFC 8414), authenticates with Basic or with Bearer, and asks what tokens are (RFC 7662).
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import * as client from 'openid-client';
import { info, redact } from './demo.mjs';

const service = new URL(info.service).origin;
const READ = 'floor:readPrivate';

/** Runs a test. SECURITY: an assertion's values may hold tokens, so a failure is reported without them. */
function check(name, body) {
  test(name, async () => {
    try {
      await body();
    } catch (error) {
      const failure = new Error(redact(`${error.message} ${error.cause?.message ?? ''}`));
      failure.stack = redact(error.stack ?? '');
      throw failure;
    }
  });
}

/** Calls the service with a stored token, and returns the body. */
async function ask(path, token, { method = 'POST', json } = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(service + path, { method, headers, body: json && JSON.stringify(json) });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

function create(fields) {
  return ask('/v2/access-token', info.ownerToken, { json: { kind: 'secret', name: 'Standards', ...fields } });
}

const server = create({ scopes: ['token:introspect'] });

/** The configurations of a client, which differ by how it authenticates. */
async function configurations() {
  const { id, token } = await server;
  const bearer = (as, { client_id }, body, headers) => {
    assert.equal(client_id, id);
    headers.set('authorization', `Bearer ${token}`);
  };
  const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
  const discover = (auth) => client.discovery(new URL(service), id, undefined, auth, options);
  return { basic: await discover(client.ClientSecretBasic(token)), bearer: await discover(bearer) };
}

/** What each configuration is told about a token. They are told the same. */
async function introspect(token, hint = 'access_token') {
  const { basic, bearer } = await configurations();
  const told = await client.tokenIntrospection(basic, token, { token_type_hint: hint });
  assert.deepEqual(await client.tokenIntrospection(bearer, token), told);
  return told;
}

check('the metadata is that of the issuer, and names how to authenticate', async () => {
  const { basic } = await configurations();
  const metadata = basic.serverMetadata();
  assert.equal(metadata.issuer, service);
  assert.equal(metadata.introspection_endpoint, `${service}/introspect`);
  assert.deepEqual(metadata.introspection_endpoint_auth_methods_supported, ['client_secret_basic', 'client_secret_post', 'none', 'Bearer']);
  const keys = await (await fetch(metadata.jwks_uri)).json();
  assert.ok(keys.keys.length > 0);
});

check('a stored token is active until it is revoked', async () => {
  const { id, token, createdAt, organization } = await create({ scopes: [READ, 'floor:readPublic'] });
  const { record, aud, ...told } = await introspect(token);
  const members = { client_id: id, jti: id, sub: organization, iss: service, iat: createdAt, token_type: 'Bearer' };
  assert.deepEqual(told, { active: true, scope: `${READ} floor:readPublic`, ...members });
  assert.deepEqual([typeof aud, record.id, record.revokedAt], ['string', id, null]);
  await ask(`/v2/access-token/${id}`, info.ownerToken, { method: 'DELETE' });
  assert.deepEqual(await introspect(token), { active: false });
});

check('a temporary token is active until its parent is revoked, and a bound one names its key', async () => {
  const { id, token } = await create({});
  const { x, kty, crv } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const dpopJkt = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  for (const [type, more] of [['Bearer', {}], ['DPoP', { dpopJkt }]]) {
    const json = { scopes: [READ], ...more };
    const { authorization, expiresAt } = await ask('/v2/temporary-access-token/create', token, { json });
    const jwt = authorization.replace(`${type} `, '');
    const told = await introspect(jwt, 'refresh_token');
    assert.deepEqual([told.active, told.token_type, told.scope, told.exp], [true, type, READ, expiresAt]);
    assert.deepEqual([told.client_id, told.cnf?.jkt, told.record], [id, more.dpopJkt, undefined]);
    if (type === 'DPoP') {
      await ask(`/v2/access-token/${id}`, info.ownerToken, { method: 'DELETE' });
      assert.deepEqual(await introspect(jwt), { active: false });
    }
  }
});

check('of anything else nothing is told', async () => {
  for (const text of ['x', 'a.b.c', 'dp_sec_%00', `${info.publishableToken}x`]) {
    assert.deepEqual(await introspect(text), { active: false });
  }
});

check('a client that is not authenticated is offered both schemes, in a form that the client reads', async () => {
  const { id } = await server;
  const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
  const wrong = client.ClientSecretBasic('dp_sec_wrong');
  const config = await client.discovery(new URL(service), id, undefined, wrong, options);
  await assert.rejects(client.tokenIntrospection(config, 'x'), (error) => {
    const challenges = error.cause?.map?.(({ scheme }) => scheme) ?? [error.error];
    assert.deepEqual([error.status, challenges], [401, ['basic', 'bearer']]);
    return true;
  });
});
