// The product refuses a token that the service revoked, and a bound token without its key. All parts are real.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { test } from 'node:test';
import { info } from './demo.mjs';

const service = new URL(info.service).origin;
const api = new URL(info.api).origin;
const PRIVATE = { scopes: ['floor:readPrivate'] };

/** Calls the service with a stored token, and returns the body. */
async function ask(path, token, { method = 'POST', json, form } = {}) {
  const headers = { authorization: `Bearer ${token}`, ...(json && { 'content-type': 'application/json' }) };
  const body = json ? JSON.stringify(json) : form && new URLSearchParams(form);
  const answer = await fetch(service + path, { method, headers, body });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  const text = await answer.text();
  return text && JSON.parse(text);
}

/** A backend's token, and a temporary one that was minted from it. */
async function mint(more = {}) {
  const json = { kind: 'secret', name: 'To be revoked' };
  const { id, token } = await ask('/v2/access-token', info.ownerToken, { json });
  const { authorization } = await ask('/v2/temporary-access-token/create', token, { json: { ...PRIVATE, ...more } });
  return { id, token, authorization };
}

async function read(authorization, headers = {}) {
  const answer = await fetch(`${api}/v2/floor/first`, { headers: { authorization, ...headers } });
  const { id, error } = await answer.json();
  return { status: answer.status, result: id ?? error, headers: answer.headers };
}

/** Milliseconds until a token that works is refused as revoked. */
async function untilRevoked(authorization, revoke) {
  assert.equal((await read(authorization)).result, 'first');
  await revoke();
  const began = performance.now();
  for (;;) {
    const { status, result } = await read(authorization);
    const passed = performance.now() - began;
    if (status === 401) {
      assert.equal(result, 'token_revoked');
      return passed;
    }
    assert.ok(passed < 1000, 'it still works a second later');
  }
}

test('a revoked token is refused by the product within a second, and so is what was minted from it', async (t) => {
  const { id, token, authorization } = await mint();
  const revoke = () => ask(`/v2/access-token/${id}`, info.ownerToken, { method: 'DELETE' });
  assert.equal((await read(`Bearer ${token}`)).result, 'first');
  const passed = await untilRevoked(authorization, revoke);
  t.diagnostic(`refused ${passed.toFixed(0)} ms after the answer`);
  const { status, result } = await read(`Bearer ${token}`);
  assert.deepEqual([status, result], [401, 'token_revoked']);
});

test('one temporary token is revoked alone (RFC 7009)', async () => {
  const { token, authorization } = await mint();
  const other = await ask('/v2/temporary-access-token/create', token, { json: PRIVATE });
  const form = { token: authorization.slice('Bearer '.length) };
  await untilRevoked(authorization, () => ask('/revoke', info.ownerToken, { form }));
  assert.equal((await read(other.authorization)).result, 'first');
});

test('a token that is bound to a key needs a proof by it for each request (RFC 9449)', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  const { authorization } = await mint({ dpopJkt: jkt });
  const [scheme, token] = authorization.split(' ');
  assert.equal(scheme, 'DPoP');

  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const proof = (htm = 'GET') => {
    const ath = createHash('sha256').update(token).digest('base64url');
    const iat = Math.floor(Date.now() / 1000);
    const claims = { jti: randomUUID(), htm, htu: `${api}/v2/floor/first`, iat, ath };
    const input = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { crv, kty, x, y } })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
  const once = proof();
  assert.equal((await read(authorization, { dpop: once })).result, 'first');
  for (const [headers, expected] of [
    [{ dpop: once }, 'invalid_dpop_proof'],
    [{ dpop: proof('POST') }, 'invalid_dpop_proof'],
    [{}, 'invalid_dpop_proof'],
  ]) {
    const { status, result, headers: answered } = await read(authorization, headers);
    assert.deepEqual([status, result], [401, expected]);
    assert.match(answered.get('www-authenticate'), /^DPoP error="invalid_dpop_proof".*algs="ES256 EdDSA Ed25519"$/);
  }
  assert.equal((await read(`Bearer ${token}`)).result, 'dpop_required');
  assert.equal((await read(authorization, { dpop: proof() })).result, 'first');
});
