// openid-client beside the service: a public client with DPoP and PAR, a confidential one without.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { ACCESS_TOKEN, EXCHANGE, finish, visit, world } from './person.mjs';

const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
const discover = (id, auth) => client.discovery(new URL(world.issuer), id, undefined, auth, options);

const asPublic = await discover(world.publicClient, client.None());
const asBackend = await discover(world.confidentialClient.id, client.ClientSecretBasic(world.confidentialClient.secret));
const asApi = await discover(world.introspector.id, client.ClientSecretBasic(world.introspector.secret));

async function authorize(config, dpop, pushed) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const parameters = {
    redirect_uri: world.redirectUri,
    scope: 'floor:readPublic floor:readPrivate',
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, dpop)
    : client.buildAuthorizationUrl(config, parameters);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  return client.authorizationCodeGrant(config, await visit(url), checks, undefined, dpop);
}

async function run(config, dpop, type, pushed) {
  const first = await authorize(config, dpop, pushed);
  assert.equal(first.token_type, type);
  const call = (token, path) =>
    client.fetchProtectedResource(config, token, new URL(path, world.api), 'GET', undefined, undefined, dpop);
  assert.equal((await call(first.access_token, '/floor')).status, 200);
  const told = await client.tokenIntrospection(asApi, first.access_token);
  assert.deepEqual([told.active, told.scope], [true, 'floor:readPrivate floor:readPublic']);

  const second = await client.refreshTokenGrant(config, first.refresh_token, { scope: 'floor:readPublic' }, dpop);
  assert.equal(second.scope, 'floor:readPublic');
  const narrow = await client.genericGrantRequest(
    config,
    EXCHANGE,
    { subject_token: first.access_token, subject_token_type: ACCESS_TOKEN, scope: 'floor:readPublic' },
    dpop,
  );
  assert.equal(narrow.issued_token_type, ACCESS_TOKEN);
  await assert.rejects(call(narrow.access_token, '/private'));

  await client.tokenRevocation(config, second.refresh_token);
  assert.equal((await client.tokenIntrospection(asApi, narrow.access_token)).active, false);
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token, undefined, dpop), {
    error: 'invalid_grant',
  });
}

const key = await client.randomDPoPKeyPair('EdDSA');
await run(asPublic, { DPoP: client.getDPoPHandle(asPublic, key) }, 'dpop', true);
await run(asBackend, undefined, 'bearer', false);
const own = await client.clientCredentialsGrant(asBackend, { scope: 'floor:readPublic' });
assert.equal(own.token_type, 'bearer');

finish(['code', 'refresh', 'exchange', 'introspection', 'revocation', 'dpop', 'nonces', 'par', 'credentials']);
