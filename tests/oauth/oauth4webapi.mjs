// oauth4webapi beside the service: a public client with DPoP, PAR and discovery from the API; a confidential one without.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { ACCESS_TOKEN, EXCHANGE, finish, visit, world } from './person.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };

/** Discovers the authorization server from the API's own challenge (RFC 9728), and its endpoints (RFC 8414). */
async function discover() {
  const api = new URL(world.api);
  const refused = await fetch(new URL('/floor', api));
  assert.equal(refused.status, 401);
  const url = /^Bearer resource_metadata="([^"]+)"$/.exec(refused.headers.get('www-authenticate'))[1];
  assert.equal(url, new URL('/.well-known/oauth-protected-resource', api).href);
  const described = await oauth.resourceDiscoveryRequest(api, insecure);
  const resource = await oauth.processResourceDiscoveryResponse(api, described);
  const [issuer] = resource.authorization_servers.map((text) => new URL(text));
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

/** Repeats a request once with the nonce that its refusal had (RFC 9449, section 8). */
async function withNonce(request) {
  try {
    return await request();
  } catch (error) {
    assert.ok(oauth.isDPoPNonceError(error), error);
    nonces += 1;
    return request();
  }
}

let nonces = 0;
const as = await discover();
const introspector = { client_id: world.introspector.id };
const introspectorAuth = oauth.ClientSecretBasic(world.introspector.secret);

async function introspect(token) {
  const response = await oauth.introspectionRequest(as, introspector, introspectorAuth, token, insecure);
  return oauth.processIntrospectionResponse(as, introspector, response);
}

async function authorize(client, auth, options, pushed) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  let parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: world.redirectUri,
    scope: 'floor:readPublic floor:readPrivate',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  if (pushed) {
    const response = await withNonce(async () => {
      const pushing = await oauth.pushedAuthorizationRequest(as, client, auth, parameters, options);
      return oauth.processPushedAuthorizationResponse(as, client, pushing);
    });
    parameters = { client_id: client.client_id, request_uri: response.request_uri };
  }
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams(parameters);
  const back = await visit(url);
  assert.equal(back.searchParams.get('iss'), as.issuer);
  const answer = oauth.validateAuthResponse(as, client, back, state);
  return withNonce(async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      as, client, auth, answer, world.redirectUri, verifier, options,
    );
    return oauth.processAuthorizationCodeResponse(as, client, response);
  });
}

const refresh = (client, auth, token, options) =>
  withNonce(async () => {
    const response = await oauth.refreshTokenGrantRequest(as, client, auth, token, options);
    return oauth.processRefreshTokenResponse(as, client, response);
  });

const exchange = (client, auth, token, options) =>
  withNonce(async () => {
    const parameters = { subject_token: token, subject_token_type: ACCESS_TOKEN, scope: 'floor:readPublic' };
    const response = await oauth.genericTokenEndpointRequest(as, client, auth, EXCHANGE, parameters, options);
    return oauth.processGenericTokenEndpointResponse(as, client, response);
  });

async function revoke(client, auth, token) {
  const response = await oauth.revocationRequest(as, client, auth, token, insecure);
  await oauth.processRevocationResponse(response);
}

const call = (token, path, options) =>
  oauth.protectedResourceRequest(token, 'GET', new URL(path, world.api), undefined, undefined, options);

/** Everything that one client does with a user's consent. */
async function run(client, auth, options, type, pushed) {
  const first = await authorize(client, auth, options, pushed);
  assert.equal(first.token_type, type);
  assert.ok(first.refresh_token);
  assert.equal((await withNonce(() => call(first.access_token, '/floor', options))).status, 200);
  const told = await introspect(first.access_token);
  assert.deepEqual([told.active, told.client_id, told.token_type?.toLowerCase()], [true, client.client_id, type]);

  const second = await refresh(client, auth, first.refresh_token, options);
  assert.ok(second.refresh_token !== first.refresh_token);
  const narrow = await exchange(client, auth, second.access_token, options);
  assert.deepEqual([narrow.issued_token_type, narrow.token_type, narrow.scope], [ACCESS_TOKEN, type, 'floor:readPublic']);
  assert.ok(narrow.expires_in <= second.expires_in);
  assert.equal((await call(narrow.access_token, '/floor', options)).status, 200);
  // It has not the scope, and says so.
  await assert.rejects(call(narrow.access_token, '/private', options), (error) => {
    const [challenge] = error.cause;
    assert.equal(challenge.parameters.error, 'insufficient_scope');
    assert.ok(challenge.parameters.resource_metadata);
    return true;
  });

  await revoke(client, auth, second.refresh_token);
  assert.equal((await introspect(second.access_token)).active, false);
  assert.equal((await introspect(narrow.access_token)).active, false);
  await assert.rejects(refresh(client, auth, second.refresh_token, options), { error: 'invalid_grant' });
}

const client = { client_id: world.publicClient };
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
await run(client, oauth.None(), { DPoP, ...insecure }, 'dpop', true);
assert.ok(nonces >= 1, 'no nonce was required');

const backend = { client_id: world.confidentialClient.id };
const backendAuth = oauth.ClientSecretBasic(world.confidentialClient.secret);
await run(backend, backendAuth, insecure, 'bearer', false);
const own = await oauth.clientCredentialsGrantRequest(as, backend, backendAuth, { scope: 'floor:readPublic' }, insecure);
const credentials = await oauth.processClientCredentialsResponse(as, backend, own);
assert.equal((await call(credentials.access_token, '/floor', insecure)).status, 200);

// The second use of a refresh token ends the family.
const family = await authorize(backend, backendAuth, insecure, false);
const next = await refresh(backend, backendAuth, family.refresh_token, insecure);
await assert.rejects(refresh(backend, backendAuth, family.refresh_token, insecure), { error: 'invalid_grant' });
assert.equal((await introspect(next.access_token)).active, false);

finish(['code', 'refresh', 'exchange', 'introspection', 'revocation', 'dpop', 'nonces', 'par', 'discovery', 'credentials']);
