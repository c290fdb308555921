// The console: people manage tokens, by mouse and with the keyboard alone, with scripts and without them.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { HOSTILE, consolePath, looksAt, signIn, tabTo } from './console.mjs';
import { info, rule } from './demo.mjs';
import { PASSWORD, addPerson, ask, expectNoErrors, service } from './people.mjs';
import { serve } from './server.mjs';

/** Returns the token that the page shows this once. */
const shownToken = (page) => page.getByRole('textbox', { name: /token “/ }).inputValue();

/** Asks the service what a token is. */
async function describe(token, origin) {
  const headers = { authorization: `Bearer ${token}`, ...(origin && { origin }) };
  return (await fetch(`${service}/v2/access-token/self`, { headers })).json();
}

rule('a person signs in and creates, finds, edits and revokes a token by mouse', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  await signIn(page);
  await page.getByRole('link', { name: 'New token' }).click();
  await page.getByRole('link', { name: /^Publishable/ }).click();
  await page.getByLabel('Name', { exact: true }).fill('Garden shop');
  await page.getByLabel('Origins').fill('*.garden.example');
  const shown = page.locator('#origins-shown');
  await shown.getByText('https://shop.garden.example', { exact: true }).waitFor();
  await shown.locator('.differs').getByText('https://evilgarden.example').waitFor();
  // International names, and apps, as a verifier matches them.
  await page.getByLabel('Origins').fill('*.gärten.example\nvscode-webview:');
  await shown.getByText('Browsers send it as *.xn--grten-gra.example.').waitFor();
  await shown.getByText('https://shop.xn--grten-gra.example', { exact: true }).waitFor();
  for (const [address, answer] of [
    ['https://shop.gärten.example/cart', 'https://shop.xn--grten-gra.example is allowed by *.gärten.example.'],
    ['https://gärten.example/', 'https://xn--grten-gra.example would be refused.'],
    ['vscode-webview://1Ab/index.html', 'vscode-webview://1Ab is allowed by vscode-webview:.'],
    ['capacitor://localhost', 'capacitor://localhost would be refused.'],
    ['file:///home/page.html', 'null would be refused.'],
  ]) {
    await page.getByLabel('Try a page').fill(address);
    await page.getByText(answer, { exact: true }).waitFor();
  }
  await page.getByLabel('Origins').fill('*.garden.example');
  await page.getByLabel('Try a page').fill('https://garden.example/cart');
  await page.getByText('https://garden.example would be refused.').waitFor();
  await page.getByLabel('Origins').fill('*.garden.example\ngarden.example/cart');
  await shown.locator('.field-problem').waitFor();
  await page.getByRole('button', { name: 'Create the token' }).click();

  const problem = page.getByRole('alert');
  await problem.getByRole('link').click();
  assert.equal(await page.getByLabel('Origins').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Garden shop');
  await page.getByLabel('Origins').fill('*.garden.example\ngarden.example');
  await page.getByLabel('Try a page').fill('https://garden.example/cart');
  await page.getByText('https://garden.example is allowed by garden.example.').waitFor();
  await page.getByRole('button', { name: 'Create the token' }).click();

  await page.getByRole('heading', { name: 'The token was created' }).waitFor();
  const token = await shownToken(page);
  const { originAllowed, kind } = await describe(token, 'https://a.garden.example');
  assert.deepEqual({ originAllowed, kind }, { originAllowed: true, kind: 'publishable' });
  for (const name of ['Browser', 'curl', 'Rust', 'Node']) await page.getByRole('heading', { name, exact: true }).waitFor();

  // A reload does not send the form once more, and shows the token no more.
  await page.reload();
  await page.getByRole('heading', { name: 'Garden shop', level: 1 }).waitFor();
  assert.ok(!(await page.content()).includes(token));
  await page.getByRole('link', { name: 'All tokens' }).click();
  await page.getByLabel('Name contains').fill('GARDEN');
  await page.getByLabel('Kind').selectOption('publishable');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('link', { name: 'Garden shop' }).first().click();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Garden centre');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Garden centre', level: 1 }).waitFor();
  await page.getByRole('cell', { name: 'token.edit' }).waitFor();
  await page.getByRole('link', { name: 'Revoke' }).click();
  await page.getByRole('heading', { name: 'This ends at once, and for good' }).waitFor();
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await page.locator('.state.revoked').waitFor();
  assert.equal((await describe(token, 'https://a.garden.example')).revoked, true);
  expectNone();
});

rule('a person does it with the keyboard alone', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  const email = await addPerson('owner');
  await page.goto(`${service}/console`);
  await page.getByLabel('Email').and(page.locator(':focus')).waitFor();
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  assert.ok(await skip.evaluate((link) => link === document.activeElement && link.getBoundingClientRect().width > 50));
  await page.keyboard.press('Enter');
  await tabTo(page.getByRole('link', { name: 'New token' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'New token', level: 1 }).waitFor();
  await tabTo(page.getByRole('link', { name: /^Secret/ }));
  await page.keyboard.press('Enter');
  await page.getByLabel('Name', { exact: true }).waitFor();
  await tabTo(page.getByLabel('Name', { exact: true }));
  await page.keyboard.type('Keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').and(page.locator(':focus')).waitFor();
  await tabTo(page.getByRole('alert').getByRole('link'));
  await page.keyboard.press('Enter');
  await tabTo(page.getByRole('checkbox', { name: /floor:readPrivate/ }));
  await page.keyboard.press('Space');
  await tabTo(page.getByRole('button', { name: 'Create the token' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The token was created' }).waitFor();
  const { scopes } = await describe(await shownToken(page));
  assert.deepEqual(scopes, ['floor:readPrivate']);
  await tabTo(page.getByRole('link', { name: 'I have copied it' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keyboard', level: 1 }).waitFor();
  await tabTo(page.getByRole('link', { name: 'Revoke' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'This ends at once, and for good' }).waitFor();
  await tabTo(page.getByRole('button', { name: 'Revoke the token' }));
  await page.keyboard.press('Enter');
  await page.locator('.state.revoked').waitFor();
  expectNone();
});

rule('without scripts the forms work, and say what the origins match once they were sent', {}, async (page) => {
  await signIn(page);
  const plain = await page.context().browser().newContext({ javaScriptEnabled: false });
  try {
    await plain.addCookies(await page.context().cookies(service));
    const without = await plain.newPage();
    await without.goto(consolePath('tokens/new?kind=publishable'));
    await without.getByLabel('Name', { exact: true }).fill('Plain');
    await without.getByLabel('Origins').fill('pr-*.plain.example\n*.*.plain.example');
    await without.getByRole('button', { name: 'Create the token' }).click();
    await without.getByRole('alert').waitFor();
    await without.locator('.matches').getByText('https://pr-12.plain.example').waitFor();
    await without.locator('.differs').getByText('https://pr-12.a.plain.example').waitFor();
    await without.getByLabel('Origins').fill('pr-*.plain.example');
    await without.getByRole('button', { name: 'Create the token' }).click();
    await without.getByRole('heading', { name: 'The token was created' }).waitFor();
    assert.equal((await describe(await shownToken(without), 'https://pr-7.plain.example')).originAllowed, true);
  } finally {
    await plain.close();
  }
});

rule('the text of a token is in no other page, in no address, history or storage', {}, async (page) => {
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  await signIn(page);
  await page.goto(consolePath('tokens/new?kind=secret'));
  await page.getByLabel('Name', { exact: true }).fill('Canary');
  await page.getByRole('checkbox', { name: /floor:readPublic/ }).check();
  await page.getByRole('button', { name: 'Create the token' }).click();
  await page.getByRole('heading', { name: 'The token was created' }).waitFor();
  const token = await shownToken(page);
  const has = async () => (await page.content()).includes(token) || page.url().includes(token);
  assert.ok(await has());
  await page.getByRole('link', { name: 'I have copied it' }).click();
  await page.getByRole('heading', { name: 'Canary', level: 1 }).waitFor();
  assert.ok(!(await has()));
  for (const path of ['/edit', '/revoke', '/recreate', '']) {
    await page.goto(page.url().replace(/\/(edit|revoke|recreate)$/, '') + path);
    assert.ok(!(await has()), path);
  }
  await page.goto(consolePath('tokens'));
  assert.ok(!(await has()));
  for (let steps = 0; steps < 6; steps += 1) {
    await page.goBack({ timeout: 3000 }).catch(() => {});
    assert.ok(!(await has()), `${steps} steps back`);
  }
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(!stored.includes(token) && !addresses.some((address) => address.includes(token)));
});

rule('a page of another origin rides no session: every form is refused', {}, async (page) => {
  await signIn(page);
  const made = await ask('POST', '/v2/access-token', { kind: 'secret', name: 'Target', scopes: ['floor:readPublic'] });
  const forms = ['tokens/new', ...['edit', 'revoke', 'recreate'].map((action) => `tokens/${made.id}/${action}`)];
  const origin = await serve((request, response) => {
    const form = forms[Number(new URL(request.url, 'http://a').searchParams.get('form'))];
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><title>Evil</title><form method="post" action="${consolePath(form)}"><input name="kind" value="secret">
       <input name="name" value="Stolen"><input name="version" value="1"><input name="scope" value="floor:readPublic">
       <button>Win a prize</button></form>`,
    );
  });
  for (const [index, form] of forms.entries()) {
    await page.goto(`${origin}/?form=${index}`);
    await page.getByRole('button').click();
    await page.getByRole('heading', { name: 'Not from this site' }).waitFor();
    assert.equal(new URL(page.url()).pathname, new URL(consolePath(form)).pathname);
  }
  const { name, revokedAt } = await ask('GET', `/v2/access-token/${made.id}`);
  assert.deepEqual({ name, revokedAt }, { name: 'Target', revokedAt: null });
  assert.deepEqual((await ask('GET', '/v2/access-token?name=Stolen')).tokens, []);
});

rule('hostile names, origins and values are shown literally in every field', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  await signIn(page);
  await page.goto(consolePath('tokens/new?kind=publishable'));
  await page.getByLabel('Name', { exact: true }).fill(HOSTILE);
  await page.getByLabel('Origins').fill(HOSTILE);
  await page.getByLabel('Only these resources').fill(HOSTILE);
  await page.locator('#origins-shown').getByText(HOSTILE, { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Create the token' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), HOSTILE);
  assert.equal(await page.getByLabel('Origins').inputValue(), HOSTILE);
  assert.equal(await page.getByLabel('Only these resources').inputValue(), HOSTILE);
  await page.getByLabel('Origins').fill('hostile.example');
  await page.getByLabel('Only these resources').fill('');
  await page.getByRole('button', { name: 'Create the token' }).click();
  await page.getByRole('heading', { name: 'The token was created' }).waitFor();
  await page.getByRole('link', { name: 'I have copied it' }).click();
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), HOSTILE);
  await page.goto(`${consolePath('tokens')}?name=${encodeURIComponent(HOSTILE)}`);
  await page.getByRole('link', { name: HOSTILE, exact: true }).waitFor();
  assert.equal(await page.getByLabel('Name contains').inputValue(), HOSTILE);
  assert.ok(!(await page.title()).includes('evil'));
  expectNone();
});

/** Makes what the pages show, and returns the pages by name. */
async function pages() {
  const scopes = ['floor:readPublic', 'floor:export'];
  const application = { kind: 'application', name: 'Partner', id: `partner-${process.pid}-${Date.now()}`, scopes };
  const shop = { kind: 'publishable', name: 'Web shop', origins: ['shop.example.com', '*.example.com', 'localhost:3000'] };
  const [{ id: page }, { id: backend }, { id: partner }] = await Promise.all(
    [shop, { kind: 'secret', name: 'Backend' }, application].map((body) => ask('POST', '/v2/access-token', body)),
  );
  const response = await fetch(`${service}/v2/access-token/${partner}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${info.ownerToken}` },
  });
  assert.ok(response.ok);
  return {
    list: 'tokens',
    'list-empty': 'tokens?name=nothing-has-this-name',
    new: 'tokens/new',
    'new-publishable': 'tokens/new?kind=publishable',
    'new-secret': 'tokens/new?kind=secret',
    'new-personal': 'tokens/new?kind=personal',
    'new-application': 'tokens/new?kind=application',
    'details-publishable': `tokens/${page}`,
    'details-secret': `tokens/${backend}`,
    'details-revoked': `tokens/${partner}`,
    edit: `tokens/${page}/edit`,
    revoke: `tokens/${backend}/revoke`,
    recreate: `tokens/${partner}/recreate`,
    missing: 'tokens/nothing-has-this-id',
  };
}

/** Fills a form and sends it: pages that answer one. */
const ANSWERS = {
  'new-mistake': async (page) => {
    await page.goto(consolePath('tokens/new?kind=publishable'));
    await page.getByLabel('Name', { exact: true }).fill('Web shop');
    await page.getByLabel('Origins').fill('https://shop.example.com/cart');
    await page.getByRole('button', { name: 'Create the token' }).click();
    await page.getByRole('alert').waitFor();
  },
  created: async (page) => {
    await page.goto(consolePath('tokens/new?kind=publishable'));
    await page.getByLabel('Name', { exact: true }).fill('Web shop');
    await page.getByLabel('Origins').fill('shop.example.com');
    await page.getByRole('button', { name: 'Create the token' }).click();
    await page.getByRole('heading', { name: 'The token was created' }).waitFor();
  },
};

looksAt('any page about tokens', async () => {
  const visits = Object.entries(await pages()).map(([name, path]) => [name, (page) => page.goto(consolePath(path))]);
  return { ...Object.fromEntries(visits), ...ANSWERS };
});

rule('a page weighs less than 60 kB with its WebAssembly, compressed', {}, async (page) => {
  await signIn(page);
  const addresses = [consolePath('tokens/new?kind=publishable')];
  page.on('request', (request) => addresses.push(request.url()));
  await page.goto(addresses[0]);
  await page.getByLabel('Try a page').waitFor();
  const loaded = [...new Set(addresses)].filter((address) => address.startsWith('http'));
  const [{ value: session }] = await page.context().cookies(service);
  const headers = { cookie: `__Host-daypass-session=${session}` };
  const sizes = await Promise.all(
    loaded.map(async (address) => {
      const response = await fetch(address, { headers, redirect: 'error' });
      return [address, gzipSync(Buffer.from(await response.arrayBuffer())).length];
    }),
  );
  assert.ok(sizes.some(([url]) => url.endsWith('.wasm')));
  const weight = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`the page for a publishable token weighs ${weight} bytes after gzip`);
  assert.ok(weight < 60_000, `${weight} bytes`);
});
