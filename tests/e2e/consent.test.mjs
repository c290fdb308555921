// The pages on which people let an application act for them, with the keyboard alone.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { rule } from './demo.mjs';
import { PASSWORD, addPerson, ask, principals, service } from './people.mjs';

const HOSTILE = `<img src=x onerror="document.title='evil'">'"&amp;gnp`;

/** A client's website, which shows the path and the query that it was called with; `/evil` has the page of the test. */
let evil = '';
const site = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(request.url === '/evil' ? evil : '<!doctype html><title>Client</title><h1>Back at the client</h1>');
});
site.listen(0, '127.0.0.1');
await once(site, 'listening');
after(() => site.close());
const callback = `http://127.0.0.1:${site.address().port}/callback`;

async function addClient(name) {
  const { id } = await ask('POST', principals, { kind: 'application', name });
  const scopes = (await ask('GET', '/.well-known/oauth-authorization-server')).scopes_supported.slice(0, 3);
  // The port is another one than that of the site.
  const settings = { confidential: false, redirectUris: ['http://127.0.0.1/callback'], scopes };
  await ask('PUT', `${principals}/${id}/oauth-client`, settings);
  return id;
}

/** Makes an authorization request, and what proves later that it was this client's. */
function authorization(client, more = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: callback,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'a b+&=é',
    ...more,
  });
  return { url: `${service}/oauth/authorize?${query}`, verifier };
}

/** Waits until the browser is back at the client, and returns what it brings. */
async function answer(page) {
  await page.getByRole('heading', { name: 'Back at the client' }).waitFor();
  const { searchParams } = new URL(page.url());
  assert.deepEqual([searchParams.get('state'), searchParams.get('iss')], ['a b+&=é', service]);
  return searchParams;
}

async function exchange(client, code, verifier) {
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: callback };
  const body = new URLSearchParams({ ...form, code_verifier: verifier });
  const response = await fetch(`${service}/oauth/token`, { method: 'POST', body });
  assert.equal(response.status, 200);
  return response.json();
}

async function signIn(page, email) {
  await page.getByLabel('Email').and(page.locator(':focus')).waitFor();
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
}

/** Moves the focus with the keyboard to a button. */
async function tabTo(page, name) {
  const button = page.getByRole('button', { name, exact: true });
  for (let count = 0; count < 10 && !(await button.and(page.locator(':focus')).count()); count += 1) {
    await page.keyboard.press('Tab');
  }
  await button.and(page.locator(':focus')).waitFor();
}

/** The pages have no room to scroll sideways. */
async function expectFits(page) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
}

/** Fails if a page's policy blocked something, or a script failed. */
function expectNoErrors(page) {
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) errors.push(message.text());
  });
  return () => assert.deepEqual(errors, []);
}

const DARK = {
  viewport: { width: 390, height: 844 },
  colorScheme: 'dark',
  chromiumOnly: 'WebDriver BiDi sets no color scheme in Firefox ESR',
};

for (const [name, options] of [
  ['a desktop', {}],
  ['a phone in the dark', DARK],
]) {
  rule(`a person signs in, allows an application and withdraws it with the keyboard on ${name}`, options, async (page) => {
    const expectNone = expectNoErrors(page);
    const [client, email] = [await addClient(HOSTILE), await addPerson()];
    const first = authorization(client);
    await page.goto(first.url);
    await page.getByText('An application asks for access.').waitFor();
    await expectFits(page);
    await signIn(page, email);

    await page.getByRole('heading', { name: 'asks for access' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/oauth/authorize');
    assert.equal(await page.locator('h1 bdi').textContent(), HOSTILE);
    assert.equal(await page.title(), 'Allow access · Daypass');
    assert.equal(await page.locator('.scopes li').count(), 3);
    await page.getByText('to a program on this device').waitFor();
    await expectFits(page);
    await shoot(page, `consent-${options.colorScheme ?? 'light'}`);
    await tabTo(page, 'Allow');
    // The buttons wake up after the page is there.
    await page.waitForTimeout(700);
    await page.keyboard.press('Enter');
    const code = (await answer(page)).get('code');
    const tokens = await exchange(client, code, first.verifier);
    assert.ok(tokens.access_token && tokens.refresh_token);

    const second = authorization(client);
    // Any program on the device could ask in its name, so that the person is asked again.
    await page.goto(second.url);
    await tabTo(page, 'Allow');
    await page.waitForTimeout(700);
    await page.keyboard.press('Enter');
    assert.ok((await exchange(client, (await answer(page)).get('code'), second.verifier)).access_token);

    await page.goto(`${service}/applications`);
    await page.getByRole('heading', { name: HOSTILE }).waitFor();
    await expectFits(page);
    await shoot(page, `applications-${options.colorScheme ?? 'light'}`);
    await tabTo(page, `Withdraw the access of ${HOSTILE}`);
    await page.keyboard.press('Enter');
    await page.getByText('None. You have not let an application act for you.').waitFor();
    const form = { grant_type: 'refresh_token', client_id: client, refresh_token: tokens.refresh_token };
    const refused = await fetch(`${service}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    assert.deepEqual([refused.status, (await refused.json()).error], [400, 'invalid_grant']);

    await page.goto(authorization(client).url);
    await tabTo(page, 'Deny');
    await page.waitForTimeout(700);
    await page.keyboard.press('Enter');
    assert.equal((await answer(page)).get('error'), 'access_denied');
    await page.goto(authorization(client, { redirect_uri: 'https://evil.example/' }).url);
    await page.getByRole('alert').filter({ hasText: 'character by character' }).waitFor();
    await expectFits(page);
    await shoot(page, `problem-${options.colorScheme ?? 'light'}`);
    expectNone();
  });
}

rule("another site's page can neither send the form nor show the page in a frame", {}, async (page) => {
  const [client, email] = [await addClient('Planner'), await addPerson()];
  const { url } = authorization(client);
  await page.goto(url);
  await signIn(page, email);
  await page.getByRole('heading', { name: 'asks for access' }).waitFor();
  const shown = await page.locator('input[name=shown]').inputValue();

  const query = new URL(url).search.slice(1).replaceAll('&', '&amp;');
  evil = `<!doctype html><form method="post" action="${service}/oauth/authorize"><input name="request" value="${query}">
    <input name="shown" value="${shown}"><button name="decision" value="allow">Win a prize</button></form>
    <iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`;
  // Another origin of the same site, to whose requests the browser adds the cookie.
  await page.goto(callback.replace('/callback', '/evil'));
  await page.waitForTimeout(500);
  const texts = await Promise.all(page.frames().slice(1).map((frame) => frame.content().catch(() => '')));
  assert.ok(!texts.some((text) => text.includes('asks for access')));
  await page.getByRole('button', { name: 'Win a prize' }).click();
  await page.getByRole('heading', { name: 'The application got no access' }).waitFor();
  await page.goto(`${service}/applications`);
  await page.getByText('None. You have not let an application act for you.').waitFor();
});

/** Keeps a picture for people who look at the pages, if a folder for that is named. */
async function shoot(page, name) {
  const folder = process.env.DAYPASS_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
