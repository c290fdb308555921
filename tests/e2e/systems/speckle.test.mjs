// Speckle's page: personal tokens as its documentation describes them, and specklepy, its client in Python.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { engine } from '../../engine.mjs';
import { info, redact, requests, rule, runInShell } from '../demo.mjs';

const answer = (page) => page.getByTestId('answer');

/** Creates a token on the page, and returns it. Steps and words are those of Speckle’s documentation. */
async function create(page, name, scopes) {
  // "Just under "Your Apps" section, you will see a list of all the personal access tokens"
  const profile = page.locator('#profile');
  assert.deepEqual(await profile.getByRole('heading').allInnerTexts(), ['Your Apps', 'Personal Access Tokens']);
  await profile.getByRole('list', { name: 'Personal Access Tokens' }).waitFor({ state: 'attached' });
  // "click on the new token button. A dialog will appear"
  await profile.getByRole('button', { name: 'New Token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Token Name').fill(name);
  for (const scope of scopes) await dialog.getByRole('checkbox', { name: scope }).check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  // "Once your token is created, the dialog will display it. This is the first and last time"
  await dialog.getByText('This is the first and last time').waitFor();
  return page.getByTestId('created-token').innerText();
}

for (const [name, options] of [
  ['a desktop', {}],
  [
    'a phone in the dark',
    {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      chromiumOnly: 'WebDriver BiDi sets no color scheme in Firefox ESR',
    },
  ],
]) {
  rule(`a token is created, used and revoked on ${name}`, options, async (page) => {
    const sent = requests(page);
    const tokenName = `<b>Script</b> for ${name}`;
    await page.goto(info.site);
    // "go to your profile (/profile)"
    await page.getByRole('navigation').getByRole('link', { name: 'Profile' }).click();
    assert.equal(new URL(page.url()).pathname, '/profile');
    await page.getByText('Ana, ana@northlight.example').waitFor();
    const token = await create(page, tokenName, ['streams:read', 'profile:read']);
    assert.ok(/^[0-9a-f]{42}$/.test(token), 'it has the format of Speckle');
    await page.getByTestId('use-it').click();
    // It is shown once: the dialog's end empties it.
    await page.getByTestId('created-token').and(page.locator(':empty')).waitFor({ state: 'attached' });
    const row = page.getByTestId('tokens').getByRole('listitem').filter({ hasText: tokenName });
    await row.filter({ hasText: 'profile:read, streams:read' }).waitFor();
    assert.ok((await row.innerText()).includes(`ends with ${token.slice(-6)}`));

    await page.getByRole('button', { name: 'Send the request' }).click();
    await answer(page).and(page.getByText('"suuid"')).waitFor();
    const text = await answer(page).innerText();
    assert.match(text, /^HTTP 200\n/);
    assert.equal(JSON.parse(text.slice(text.indexOf('{'))).data.user.streams.totalCount, null);

    await page.getByRole('button', { name: `Revoke ${tokenName}` }).click();
    await row.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Send the request' }).click();
    await answer(page).and(page.getByText('Your token is not valid.')).waitFor();
    assert.match(await answer(page).innerText(), /^HTTP 403\n/);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    assert.equal(sent.some((request) => request.url().includes(token)), false, 'no address has the token');
  });
}

rule('the dialog says why a token is not created', {}, async (page) => {
  await page.goto(info.site);
  await page.getByTestId('new-token').click();
  await page.getByLabel('Token Name').fill('Too much');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByTestId('refused').filter({ hasText: 'A token needs at least one scope' }).waitFor();
  await page.getByRole('checkbox', { name: 'tokens:write' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByTestId('refused').filter({ hasText: "with the tokens:write scope" }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByTestId('dialog').waitFor({ state: 'hidden' });
});

rule('a page of another origin sends the request of the documentation to the service itself', {}, async (page) => {
  await page.goto(info.site);
  const seen = await page.evaluate(async ([service, token]) => {
    const response = await fetch(`${service}/graphql`, {
      method: 'POST',
      headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: `{ user { id suuid streams { totalCount } } }` }),
    });
    return [response.status, Object.keys((await response.json()).data.user)];
  }, [new URL(info.service).origin, info.scriptToken]);
  assert.deepEqual(seen, [200, ['id', 'suuid', 'streams']]);
});

rule('the command of the page runs as printed', {}, async (page) => {
  await page.goto(info.site);
  const command = await page.locator('#use .command code').textContent();
  assert.deepEqual(Object.keys(JSON.parse(await runInShell(command)).data.user), ['id', 'suuid', 'streams']);
});

/** Runs tests/specklepy/client.py with a token, and returns its report. */
async function specklepy(token, ...words) {
  const python = process.env.DAYPASS_SPECKLEPY;
  if (!python) throw new Error('DAYPASS_SPECKLEPY must name a Python with specklepy; `cargo xtask test` sees to that.');
  try {
    const options = { env: { ...process.env, TOKEN: token }, timeout: 60_000 };
    const args = ['tests/specklepy/client.py', info.service, ...words];
    return JSON.parse((await promisify(execFile)(python, args, options)).stdout);
  } catch (error) {
    throw new Error(redact(`${error.message}\n${error.stderr ?? ''}`).replace(/\b[0-9a-f]{42}\b/g, '<token>'));
  }
}

const SPECKLEPY = { timeout: 120_000, skip: engine !== 'chromium' && 'once is enough' };

test('specklepy signs in, lists, creates and revokes tokens', SPECKLEPY, async () => {
  const { managed, ...report } = await specklepy(info.appToken, 'manage');
  assert.deepEqual(report, {
    user: 'Ana',
    email: 'ana@northlight.example',
    server: 'Speckle',
    version: ['dev'],
    scopes: 23,
    apps: 'Unknown field "apps" on type "Query".',
  });
  assert.deepEqual(managed, {
    length: 42,
    listed: [['Grasshopper', ['profile:read', 'streams:read'], 3_600_000]],
    ends: true,
    user: 'Ana',
    email: null,
    creates: 'Your auth token does not have the required scope: tokens:write.',
    more: "You can't create a token with scopes that you don't have",
    none: 'A token needs at least one scope',
    write: "You can't create a personal access token with the tokens:write scope",
    revoked: true,
    again: 'Did not revoke token',
    after: true,
    request: true,
  });
});

test('specklepy signs in with a personal token of the native command line', SPECKLEPY, async () => {
  const { user, email } = await specklepy(info.scriptToken);
  assert.deepEqual([user, email], ['Ana', null]);
});
