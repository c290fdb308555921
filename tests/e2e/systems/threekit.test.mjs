// Threekit's published clients, in a page of another origin and over HTTPS, and the page of a shop with a configurator.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { info, requests, rule, secrets } from '../demo.mjs';
import { pageWith, proxy, startTls } from './tls.mjs';

/** The parts of the clients that need no player: treble's calls, and the REST client's access tokens. */
const CLIENTS = `
  export { default as connection } from '@threekit-tools/treble/dist/connection.js';
  export { default as api } from '@threekit-tools/treble/dist/api/index.js';
  export { default as http } from '@threekit-tools/treble/dist/http/index.js';
  export { AccessTokens } from '@threekit/rest-api/dist/api/accessTokens/AccessTokens.js';
`;

/** A host as at home: the access tokens and the product's API side by side. */
const toService = (path) => (path.startsWith('/api/accesstokens') ? info.service : info.api);

let fronts;
after(async () => (await fronts)?.close());
async function startFronts() {
  // Both are built for bundlers that define these.
  const define = { 'process.env': '{}', global: 'globalThis' };
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const options = { bundle: true, format: 'esm', platform: 'browser', write: false, logLevel: 'silent', define };
  const { outputFiles } = await build({ stdin: { contents: CLIENTS, resolveDir }, ...options });
  return startTls(pageWith(outputFiles[0].text), proxy(toService));
}

/** Opens a page with the clients, whose requests go to the host of the product. */
async function openClients(page) {
  fronts ??= startFronts();
  const [site, host] = (await fronts).hosts;
  await page.goto(`https://${site}/`);
  return host;
}

/** Runs calls of treble with a token, each to `[status, what it returned]`. */
function callTreble(page, host, authToken, savedId) {
  const given = { host, authToken, orgId: info.organization, savedId };
  return page.evaluate(async ({ host, authToken, orgId, savedId }) => {
    const { api, connection, http } = await import('/clients.js');
    connection.connect({ authToken, orgId, threekitDomain: host });
    window.threekit = { player: { sessionId: 'session-1' } };
    const variant = { Seat: '#3f6f64', Arms: true };
    const calls = {
      translations: () => api.assets.fetchTranslations('de'),
      pricebooks: () => api.price.getPricebooksList(),
      save: async () => (await api.configurations.save({ assetId: 'chair', configuration: variant })).data,
      resume: async () => (await api.configurations.fetch(savedId)).data,
      'all configurations': async () => (await http.configurations.getConfigurations()).data,
      order: async () => (await http.orders.createOrder({ orgId, cart: [] })).data,
    };
    const seen = {};
    for (const [name, call] of Object.entries(calls)) {
      seen[name] = await call().then(
        (value) => [200, value],
        (error) => [error.response?.status ?? error.message, error.response?.data.error],
      );
    }
    return seen;
  }, given);
}

rule('treble reads the configurator and saves a configuration with a public token, and can do nothing more',
  { ignoreHTTPSErrors: true },
  async (page) => {
    const host = await openClients(page);
    const seen = requests(page);
    const first = await callTreble(page, host, info.publicToken, 'none');
    const [, saved] = first.save;
    assert.deepEqual(saved.variant, { Seat: '#3f6f64', Arms: true });
    assert.equal(saved.orgId, info.organization);
    const second = await callTreble(page, host, info.publicToken, saved.id);
    assert.deepEqual(second.translations, [200, { Seat: 'Sitz', Frame: 'Gestell', Arms: 'Armlehnen' }]);
    assert.deepEqual(second.pricebooks, [200, [{ id: 'list', name: 'List prices', currencies: ['EUR'] }]]);
    assert.deepEqual(second.resume, [200, saved]);
    assert.deepEqual(first.resume, [404, 'not_found']);
    for (const name of ['all configurations', 'order']) {
      assert.deepEqual(second[name], [403, 'insufficient_scope'], name);
    }
    const paths = seen.map((request) => new URL(request.url())).filter(({ host: seen }) => seen === host);
    assert.ok(paths.length >= 12 && paths.every(({ searchParams }) => searchParams.has('bearer_token')));
  },
);

rule('treble hears that a token of another domain, a private one, a revoked one and none are refused',
  { ignoreHTTPSErrors: true },
  async (page) => {
    const host = await openClients(page);
    const deleted = await addToken({ name: 'Deleted', permissions: 'public', domains: ['127.0.0.1'] });
    await asOwner('DELETE', `/api/accesstokens/${deleted}?orgId=${info.organization}`);
    for (const [token, status, code] of [
      // "It will be stopped by the browser’s CORS Policy", as the documentation says.
      [info.foreignToken, 'Network Error', undefined],
      // SECURITY: addresses are in logs and histories.
      [info.privateToken, 400, 'secret_in_query'],
      [deleted, 401, 'token_revoked'],
      // It does not look like a token of ours, so that the request has none.
      ['0c4dd5b6-52a4-4c3a-9f2e-5f8f6a1d2b3c', 401, 'missing_token'],
    ]) {
      for (const [name, result] of Object.entries(await callTreble(page, host, token, 'none'))) {
        assert.deepEqual(result, [status, code], `${status} ${code}: ${name}`);
      }
    }
  },
);

rule('the REST client reads a token by its own text and validates origins with the record',
  { ignoreHTTPSErrors: true },
  async (page) => {
    const host = await openClients(page);
    const given = { host, publicToken: info.publicToken, orgId: info.organization };
    const seen = await page.evaluate(async ({ host, publicToken, orgId }) => {
      const { AccessTokens } = await import('/clients.js');
      const tokens = new AccessTokens({ host, publicToken, orgId });
      const outcome = (promise) => promise.then(() => 'accepted', () => 'refused');
      const { data } = await tokens.getById(publicToken);
      return {
        healthy: (await tokens.healthcheck()).data,
        record: { permissions: data.permissions, domains: data.domains, deletedAt: data.deletedAt, orgId: data.orgId },
        isToken: data.id === publicToken,
        own: await outcome(tokens.validateToken('127.0.0.1', publicToken)),
        other: await outcome(tokens.validateToken('elsewhere.example', publicToken)),
        list: (await tokens.get({})).status,
      };
    }, given);
    const record = { permissions: 'public', domains: ['127.0.0.1'], deletedAt: null, orgId: info.organization };
    const expected = { healthy: true, record, isToken: false, own: 'accepted', other: 'refused', list: 403 };
    assert.deepEqual(seen, expected);
  },
);

/** Asks the token service as the owner, and returns the JSON of its answer. */
async function asOwner(method, path, body) {
  const headers = { Authorization: `Bearer ${info.ownerToken}`, ...(body && { 'Content-Type': 'application/json' }) };
  const response = await fetch(info.service + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method}: ${response.status}`);
  return response.json();
}

/** Adds a public token of the organization's service account, and returns its text. */
async function addToken(token) {
  const path = `/v2/organization/${info.organization}/principal`;
  const { principals } = await asOwner('GET', path);
  const { id: serviceAccountId } = principals.find(({ kind }) => kind === 'serviceAccount');
  return (await asOwner('POST', '/api/accesstokens', { orgId: info.organization, serviceAccountId, ...token })).id;
}

const answerOf = (page) => page.getByTestId('answer');

/** Waits until the configurator is in this state, and what it says is shown. */
async function until(page, state, text) {
  await page.getByTestId('configurator').and(page.locator(`[data-configurator="${state}"]`)).waitFor();
  await answerOf(page).and(page.getByText(text)).waitFor();
}

rule('the shop’s configurator reads, saves and sends an event with a public token', {}, async (page) => {
  const seen = requests(page);
  await page.goto(info.site);
  await until(page, 'ready', 'product session start');
  await page.getByTestId('configurator').getByTitle('Seat: #3f6f64').click();
  await page.getByTestId('save').click();
  await until(page, 'ready', 'shortId');
  assert.match(await answerOf(page).innerText(), /"Seat": "#3f6f64"/);
  await page.getByTestId('resume').click();
  await until(page, 'ready', 'Opened again');

  for (const name of ['list', 'read-analytics', 'order']) {
    await page.getByTestId(name).click();
    await until(page, 'ready', 'insufficient_scope');
    assert.match(await answerOf(page).innerText(), /^HTTP 403 /, name);
    await page.getByTestId('resume').click();
    await until(page, 'ready', 'Opened again');
  }
  await page.getByTestId('overview').click();
  await page.getByTestId('seen').and(page.getByText('product cart-add')).waitFor();
  for (const request of seen) {
    const parts = [request.url(), ...Object.values(await request.allHeaders())];
    assert.equal(parts.some((part) => secrets.some((secret) => part.includes(secret))), false, 'no secret is sent');
  }
});

rule('a token of other domains does not open it', {}, async (page) => {
  await page.goto(info.site);
  await until(page, 'ready', 'product session start');
  await page.getByTestId('open-foreign').click();
  await until(page, 'refused', 'Stopped by the browser');
});

// The steps and words are those of Threekit’s documentation, "How to Create an Access Token" and what follows it.
rule('a person follows Threekit’s steps to a public token, and removes it', {}, async (page) => {
  await page.goto(info.site);
  await until(page, 'ready', 'product session start');
  // 1. "switch to the organization the token will be made for"
  const platform = page.getByRole('navigation', { name: 'Platform' });
  await platform.getByText(`Organization ${info.organization}`).waitFor();
  // 2. "On the left-hand side, select Settings"
  const left = await platform.boundingBox();
  const list = page.getByRole('table', { name: 'Access tokens' });
  assert.ok(left.x + left.width <= (await list.boundingBox()).x);
  await platform.getByText('Settings').click();
  // 3. "Within the Settings dropdown, select Tokens"
  await platform.getByRole('link', { name: 'Tokens' }).click();
  // 4. "On the Access Tokens page, click the Add Token button"
  await page.getByRole('heading', { name: 'Access Tokens', level: 3 }).waitFor();
  await page.getByRole('button', { name: 'Add Token' }).click();
  // 5. "Provide a name and choose whether the access token should be public or private"
  const dialog = page.getByRole('dialog', { name: 'New access token' });
  await dialog.getByLabel('Name').fill('Spring campaign');
  await dialog.getByRole('radio', { name: 'Public' }).check();
  // 6. "you will also need to provide the domains … and select an appropriate service account"
  await dialog.getByRole('button', { name: 'Add Token' }).click();
  await dialog.getByLabel('Domains').and(page.locator(':invalid:focus')).waitFor();
  // "Use the * to create a wildcard subdomain"
  await dialog.getByLabel('Domains').fill('127.0.0.1, *.threekit.com');
  await dialog.getByRole('button', { name: 'Add Token' }).click();
  await dialog.getByLabel('Service account').and(page.locator(':invalid:focus')).waitFor();
  await dialog.getByLabel('Service account').selectOption({ index: 1 });
  // 7. "Click Add Token to create the new access token"
  await dialog.getByRole('button', { name: 'Add Token' }).click();
  await page.getByTestId('added').and(page.getByText('dp_pub_')).waitFor();
  // 8. "Your new token should be visible in the organization's access tokens list"
  const row = list.getByRole('row', { name: 'Spring campaign' });
  assert.match(await row.innerText(), /public\s+127\.0\.0\.1, \*\.threekit\.com/);
  await until(page, 'ready', 'product session start');

  // "Simply click the Delete icon on the token in the access token's list"
  await row.getByTitle('Delete').click();
  await row.waitFor({ state: 'detached' });
  await page.getByTestId('list').click();
  await until(page, 'ready', 'token_revoked');
});

rule('a private token has no domains, and the dialog says what is wrong with those of a public one', {}, async (page) => {
  await page.goto(info.site);
  await page.getByRole('button', { name: 'Add Token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Import');
  await dialog.getByLabel('Domains').fill('https://shop.example.com/cart');
  await dialog.getByLabel('Service account').selectOption({ index: 1 });
  await dialog.getByRole('button', { name: 'Add Token' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'cart' }).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });

  await page.getByRole('button', { name: 'Add Token' }).click();
  await dialog.getByRole('radio', { name: 'Private' }).check();
  assert.equal(await dialog.getByLabel('Domains').isVisible(), false);
  await dialog.getByLabel('Name').fill('Import');
  await dialog.getByRole('button', { name: 'Add Token' }).click();
  await page.getByTestId('added').and(page.getByText('kept by the backend')).waitFor();
  const imported = page.getByTestId('tokens').getByRole('row', { name: 'Import' }).first();
  assert.match(await imported.innerText(), /private/);
});

test('the product’s API answers each token at each path as its scopes say', async () => {
  const origin = new URL(info.site).origin;
  const asset = '5b0c2f1e-6b7e-4f0a-9f55-1d4c6f5b2a10';
  const event = ['application/json', '{"eventType":"product session start"}'];
  const saving = ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="variant"\r\n\r\n{}\r\n--b--\r\n'];
  const wrong = ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="variant"\r\n\r\n{\r\n--b--\r\n'];
  for (const [method, path, body, byPublic, byPrivate] of [
    ['GET', `/api/products/${asset}`, null, 200, 200],
    ['GET', '/api/products/other', null, 404, 404],
    ['GET', '/api/assets/translations', null, 200, 200],
    ['GET', `/api/orgs/${info.organization}/pricebooks`, null, 200, 200],
    ['GET', '/api/orgs/other/pricebooks', null, 403, 403],
    ['POST', '/api/configurations', saving, 200, 200],
    ['POST', '/api/configurations', wrong, 400, 400],
    ['POST', '/api/configurations', event, 400, 400],
    ['POST', '/api/analytics/events', event, 200, 200],
    ['POST', '/api/analytics/events', ['application/json', '[]'], 400, 400],
    ['GET', '/api/configurations', null, 403, 200],
    ['GET', '/api/analytics/events', null, 403, 200],
    ['POST', '/api/orders', ['application/json', '{}'], 403, 200],
    ['DELETE', '/api/orders', null, 405, 405],
    ['GET', '/api/other', null, 404, 404],
  ]) {
    const [type, text] = body ?? [];
    const call = async (headers, query = '') => {
      const all = { ...headers, ...(body && { 'Content-Type': type }) };
      return (await fetch(info.api + path + query, { method, headers: all, body: text })).status;
    };
    const what = `${method} ${path} ${type ?? ''}`;
    const [asPublic, asPrivate] = [info.publicToken, info.privateToken].map((token) => ({ Authorization: `Bearer ${token}` }));
    assert.equal(await call({ ...asPublic, Origin: origin }), byPublic, `public: ${what}`);
    assert.equal(await call({ Origin: origin }, `?bearer_token=${info.publicToken}`), byPublic, `public in the query: ${what}`);
    assert.equal(await call(asPublic), 403, `public outside a browser: ${what}`);
    assert.equal(await call(asPrivate), byPrivate, `private: ${what}`);
    assert.equal(await call({ ...asPrivate, Origin: origin }), 403, `private in a browser: ${what}`);
    assert.equal(await call({}, `?bearer_token=${info.privateToken}`), 400, `private in the query: ${what}`);
    assert.equal(await call({ Origin: origin }), 401, `none: ${what}`);
  }
});
