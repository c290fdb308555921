// Daypass and its peers with the same active token: how a page reads the token, and how it fetches a small response with it.
import { connect } from '/daypass/index.js';
import { Auth0Client } from '/peers/auth0-spa-js.js';
import { User, UserManager } from '/peers/oidc-client-ts.js';

/** As long as a JWT of one grant. */
const TOKEN = 'x'.repeat(400);
const AUTHORIZATION = `Bearer ${TOKEN}`;
/** The checksum is correct; the token grants nothing. */
const PUBLISHABLE = 'dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu';
const HOUR = 3_600;

/** With `before`, a package of an earlier commit is among them. */
export async function clients(api, before) {
  const expiresAt = Math.floor(Date.now() / 1000) + HOUR;
  const daypass = await connect({ api, provider: async () => ({ authorization: AUTHORIZATION, expiresAt }) });
  const publishable = await connect({ api, publishableToken: PUBLISHABLE });
  const auth0 = auth0Client(expiresAt);
  const fetcher = auth0.createFetcher({ fetch: (request) => fetch(request) });
  const oidc = await oidcManager(expiresAt);

  const earlier = before ? await import('/peers/before.js') : undefined;
  const old = await earlier?.connect({ api, provider: async () => ({ authorization: AUTHORIZATION, expiresAt }) });

  const oidcAuthorization = async () => `Bearer ${(await oidc.getUser()).access_token}`;
  const url = `${api}/floor`;
  const json = async (sent) => (await sent).json();
  const bare = () => json(fetch(url, { headers: { Authorization: AUTHORIZATION } }));
  return {
    daypass,
    publishable,
    authorization: {
      daypass: () => daypass.authorization(),
      'auth0-spa-js': async () => `Bearer ${await auth0.getTokenSilently()}`,
      'oidc-client-ts': oidcAuthorization,
      ...(old && { before: () => old.authorization() }),
    },
    request: {
      bare,
      daypass: () => json(daypass.fetch(url)),
      request: () => json(daypass.fetch(new Request(url))),
      peek: () => json(fetch(url, { headers: { Authorization: daypass.peek() } })),
      'auth0-spa-js': () => json(fetcher.fetchWithAuth(url)),
      'oidc-client-ts': async () => json(fetch(url, { headers: { Authorization: await oidcAuthorization() } })),
      ...(old && { before: () => json(old.fetch(url)) }),
      again: bare,
    },
  };
}

/** A client after sign-in: its cache has the tokens and answers at once. */
function auth0Client(expiresAt) {
  const body = { access_token: TOKEN, token_type: 'Bearer', expires_in: HOUR };
  const identity = { id_token: TOKEN, decodedToken: { claims: {}, user: {} } };
  const get = (key) => (key.endsWith('@@user@@') ? identity : { body, expiresAt });
  const cache = { get, set() {}, remove() {}, allKeys: () => [] };
  return new Auth0Client({ domain: 'auth0.invalid', clientId: 'bench', cache });
}

/** A client after sign-in: the user is in the session storage, its default. */
async function oidcManager(expires_at) {
  const manager = new UserManager({ authority: `${location.origin}/`, client_id: 'bench', redirect_uri: location.href });
  await manager.storeUser(new User({ access_token: TOKEN, token_type: 'Bearer', profile: { sub: 'visitor' }, expires_at }));
  return manager;
}
