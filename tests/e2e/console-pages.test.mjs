// The console's pages beside those about tokens: why a request was refused, members, the audit trail, and the rest.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HOSTILE, consolePath, looksAt, signIn, tabTo } from './console.mjs';
import { info, rule } from './demo.mjs';
import { ask, expectNoErrors, organization, principals, service } from './people.mjs';
import { serve } from './server.mjs';

/** The body of an API that refused a page's origin. */
const REFUSED = JSON.stringify({ error: 'origin_not_allowed', message: 'm', help: 'h', status: 403, origin: 'https://evil.example' });

/** Creates a publishable token for a shop. */
const createShop = () =>
  ask('POST', '/v2/access-token', { kind: 'publishable', name: 'Web shop', origins: ['shop.example.com', '*.example.com'] });

const heading = (page, name) => page.getByRole('heading', { name, level: 1 });

rule('a person pastes an answer and a token, and reads why it was refused, by mouse', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  await signIn(page);
  const { token, id } = await createShop();
  await page.getByRole('link', { name: 'Why refused?' }).click();
  await heading(page, 'Why was this refused?').waitFor();
  await page.getByLabel('The answer').fill(REFUSED);
  await page.getByLabel('The token', { exact: true }).fill(token);
  await page.getByLabel('Where the token was').selectOption('query');
  await page.getByRole('button', { name: 'Explain' }).click();

  await page.getByRole('heading', { name: 'Refused: origin_not_allowed (403)' }).waitFor();
  const failed = page.locator('.steps > .failed');
  assert.equal(await failed.count(), 1);
  await failed.getByText('https://evil.example', { exact: true }).first().waitFor();
  assert.equal(await failed.locator('.differs').count(), 2);
  assert.equal(await page.getByLabel('The token', { exact: true }).inputValue(), id);
  // SECURITY: the whole token was pasted, and is nowhere.
  assert.ok(!(await page.content()).includes(token));
  assert.ok(!addresses.some((address) => address.includes(token)));
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(!stored.includes(token));

  await page.getByLabel('Origin of the page').fill('https://shop.example.com');
  await page.getByLabel('Where the token was').selectOption('query');
  await page.getByLabel('Scope needed').fill('floor:readPublic');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('heading', { name: 'A verifier would accept it now' }).waitFor();
  await page.locator('.steps').getByRole('link', { name: 'Web shop' }).click();
  await heading(page, 'Web shop').waitFor();
  expectNone();
});

rule('a person asks with the keyboard alone', {}, async (page) => {
  await signIn(page);
  const { id } = await createShop();
  await page.goto(consolePath('refusal'));
  await tabTo(page.getByLabel('The token', { exact: true }));
  await page.keyboard.type(`${id}x`);
  await page.keyboard.press('Enter');
  await page.getByRole('alert').and(page.locator(':focus')).waitFor();
  await tabTo(page.getByRole('alert').getByRole('link'));
  await page.keyboard.press('Enter');
  await tabTo(page.getByLabel('The token', { exact: true }));
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Refused: origin_required/ }).waitFor();
});

rule('a person adds a member, invites, edits and removes it', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  await signIn(page);
  await page.getByRole('link', { name: 'Members' }).click();
  await page.getByRole('link', { name: 'Add a member' }).click();
  await page.getByLabel('Name').fill('Grace Hopper');
  const email = `grace-${randomUUID()}@example.com`;
  await page.getByLabel('Email').fill('grace');
  await page.getByRole('radio', { name: /^viewer/ }).check();
  await page.getByRole('button', { name: 'Add the member' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Email').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.getByLabel('Name').inputValue(), 'Grace Hopper');
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Add the member' }).click();
  await heading(page, 'Grace Hopper').waitFor();

  await page.getByRole('button', { name: 'Invite' }).click();
  const link = await page.getByLabel('Link of the invitation').inputValue();
  const secret = new URL(link).hash.slice(1);
  assert.ok(secret.length > 20);
  // A reload makes no other invitation, and shows the link no more.
  await page.reload();
  await heading(page, 'Grace Hopper').waitFor();
  assert.ok(!(await page.content()).includes(secret));

  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByRole('radio', { name: /^developer/ }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.facts').getByText('developer', { exact: false }).first().waitFor();
  await page.getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove the member' }).click();
  await page.locator('.state.revoked').waitFor();
  expectNone();
});

rule('a person finds an entry of the trail, exports it, and looks the request up', {}, async (page) => {
  await signIn(page);
  await createShop();
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByLabel('What').selectOption('token.create');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('cell', { name: /^token.create/ }).first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export CSV' }).click(),
  ]);
  const text = await readFile(await download.path(), 'utf8');
  assert.ok(text.startsWith('id,at,time,') && text.includes('token.create') && !text.includes('principal.add'));
  const request = (await page.locator('.request code').first().textContent()) ?? '';
  await page.goto(consolePath('refusal'));
  await page.getByLabel('The answer').fill(request);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('cell', { name: 'token.create' }).waitFor();
});

rule('a person makes an application an OAuth client, edits it and removes that, with the keyboard alone', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  await signIn(page, 'admin');
  const { id } = await ask('POST', principals, { kind: 'application', name: HOSTILE });
  const client = () => ask('GET', `${principals}/${id}/oauth-client`);
  const press = async (locator, key = 'Enter') => {
    await tabTo(locator);
    await page.keyboard.press(key);
  };
  const button = (name) => page.getByRole('button', { name });
  const link = (name) => page.getByRole('link', { name });
  const uris = page.getByLabel('Redirect URIs');
  await page.goto(consolePath(`members/${id}`));
  await press(link('Make it an OAuth client'));
  await page.getByRole('heading', { level: 1, name: `OAuth settings of ${HOSTILE}`, exact: true }).waitFor();
  await tabTo(uris);
  await page.keyboard.type('http://planner.example/back');
  await press(page.getByRole('checkbox', { name: /^floor:readPublic/ }), 'Space');
  await press(button('Make it an OAuth client'));

  // What is wrong has the focus, and leads to its field, which has what was typed.
  const problem = page.getByRole('alert');
  await problem.and(page.locator(':focus')).waitFor();
  await press(problem.getByRole('link'));
  await uris.and(page.locator(':focus')).waitFor();
  assert.equal(await uris.getAttribute('aria-invalid'), 'true');
  assert.ok(await page.getByRole('checkbox', { name: /^floor:readPublic/ }).isChecked());
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('https://planner.example/back\nhttp://127.0.0.1/back');
  await press(button('Make it an OAuth client'));
  await link('Edit OAuth settings').waitFor();
  assert.deepEqual((await client()).redirectUris, ['https://planner.example/back', 'http://127.0.0.1/back']);

  // Of two forms that show the same, the second changes nothing.
  await press(link('Edit OAuth settings'));
  await press(page.getByRole('radio', { name: /^No/ }), 'ArrowDown');
  const settings = { confidential: false, redirectUris: ['com.example.app:/back'], scopes: ['floor:readPublic'] };
  await ask('PUT', `${principals}/${id}/oauth-client`, settings);
  await press(button('Save'));
  await problem.getByText('have changed since this page was shown').waitFor();
  assert.equal((await client()).confidential, false);
  await page.goto(consolePath(`applications/${id}/edit`));
  await press(page.getByRole('radio', { name: /^No/ }), 'ArrowDown');
  await press(button('Save'));
  await link('Remove OAuth settings').waitFor();
  assert.equal((await client()).confidential, true);

  await press(link('Remove OAuth settings'));
  await page.getByText('0 sign-ins: their refresh tokens').waitFor();
  await press(button('Remove the OAuth settings'));
  await link('Make it an OAuth client').waitFor();
  await assert.rejects(client(), /404/);
  expectNone();
});

rule('a page of another origin rides no session here either', {}, async (page) => {
  await signIn(page);
  const member = await ask('POST', principals, { kind: 'serviceAccount', name: 'Target' });
  const own = `members/${member.id}`;
  const application = await ask('POST', principals, { kind: 'application', name: 'Planner' });
  const client = `applications/${application.id}`;
  const settings = { confidential: false, redirectUris: ['https://planner.example/back'], scopes: ['floor:readPublic'] };
  const before = await ask('PUT', `${principals}/${application.id}/oauth-client`, settings);
  const ofMembers = ['members/new', `${own}/edit`, `${own}/invite`, `${own}/remove`];
  const forms = [...ofMembers, 'organization', 'refusal', `${client}/edit`, `${client}/remove`];
  const origin = await serve((request, response) => {
    const form = forms[Number(new URL(request.url, 'http://a').searchParams.get('form'))];
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><title>Evil</title><form method="post" action="${consolePath(form)}"><input name="name" value="Stolen">
       <input name="kind" value="serviceAccount"><input name="version" value="1"><button>Win a prize</button></form>`,
    );
  });
  for (const [index, form] of forms.entries()) {
    await page.goto(`${origin}/?form=${index}`);
    await page.getByRole('button').click();
    await heading(page, 'Not from this site').waitFor();
    assert.equal(new URL(page.url()).pathname, new URL(consolePath(form)).pathname);
  }
  const { name, removedAt } = await ask('GET', `${principals}/${member.id}`);
  assert.deepEqual({ name, removedAt }, { name: 'Target', removedAt: null });
  assert.notEqual((await ask('GET', `/v2/organization/${organization}`)).name, 'Stolen');
  assert.deepEqual(await ask('GET', `${principals}/${application.id}/oauth-client`), before);
});

rule('hostile values are shown literally in every field of these pages', {}, async (page) => {
  const expectNone = expectNoErrors(page);
  await signIn(page);
  const { id } = await createShop();
  await page.goto(consolePath('refusal'));
  await page.getByLabel('The token', { exact: true }).fill(id);
  for (const label of ['Origin of the page', 'Tenant']) await page.getByLabel(label).fill(HOSTILE);
  await page.getByLabel('Scope needed').fill('floor:export');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('.steps').getByText(HOSTILE, { exact: true }).first().waitFor();
  assert.equal(await page.getByLabel('Tenant').inputValue(), HOSTILE);

  await page.goto(consolePath('members/new?kind=serviceAccount'));
  await page.getByLabel('Name').fill(HOSTILE);
  await page.getByRole('button', { name: 'Add the member' }).click();
  await page.getByRole('link', { name: 'Edit' }).waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), HOSTILE);
  await page.getByRole('link', { name: 'Remove' }).click();
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), `Remove ${HOSTILE}?`);
  for (const path of ['audit?actor=', 'audit?target=', 'audit?since=', 'use?token=', 'members?kind=']) {
    await page.goto(consolePath(path + encodeURIComponent(HOSTILE)));
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  assert.ok(!(await page.title()).includes('evil'));
  expectNone();
});

/** Reports use of a token, as the verifier of an API does. */
async function reportUse(serial) {
  const origin = { origin: 'https://shop.example.com', count: 1203 };
  const rows = [
    { serial, outcome: 'accepted', count: 1203, origins: [origin] },
    { serial, outcome: 'origin_not_allowed', count: 31, origins: [{ origin: 'https://evil.example', count: 31 }] },
    { serial, outcome: 'token_expired', count: 4 },
  ];
  const response = await fetch(`${service}/v2/use`, {
    method: 'POST',
    headers: { authorization: `Bearer ${info.ownerToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ verifier: randomUUID(), sequence: 1, rows }),
  });
  assert.equal(response.status, 204);
}

/** Makes what the pages show, and returns the visits by name. */
async function visits() {
  const shop = await createShop();
  const [member, application] = await Promise.all(
    [{ kind: 'serviceAccount', name: 'Web shop backend' }, { kind: 'application', name: 'Planner' }].map((body) =>
      ask('POST', principals, body),
    ),
  );
  await ask('POST', '/v2/access-token', { kind: 'secret', name: 'Backend', owner: member.id });
  const settings = { confidential: false, redirectUris: ['https://planner.example/back'], scopes: ['floor:readPublic'] };
  await ask('PUT', `${principals}/${application.id}/oauth-client`, settings);
  await reportUse(shop.serial);
  const { id: unused } = await createShop();
  const at = (path) => (page) => page.goto(consolePath(path));
  const explain = (fields, expected) => async (page) => {
    await page.goto(consolePath('refusal'));
    await page.getByLabel('The token', { exact: true }).fill(shop.id);
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
    await page.getByLabel('Where the token was').selectOption('query');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: expected }).waitFor();
  };
  const good = { 'Origin of the page': 'https://shop.example.com', 'Scope needed': 'floor:readPublic' };
  return {
    refusal: at('refusal'),
    'refusal-refused': explain({ 'The answer': REFUSED }, /^Refused/),
    'refusal-scope': explain({ ...good, 'Scope needed': 'floor:export' }, /^Refused/),
    'refusal-accepted': explain(good, 'A verifier would accept it now'),
    members: at('members'),
    'members-new': at('members/new?kind=user'),
    'members-details': at(`members/${member.id}`),
    'members-edit': at(`members/${member.id}/edit`),
    'members-remove': at(`members/${member.id}/remove`),
    audit: at('audit'),
    'audit-empty': at('audit?target=nothing-has-this-id'),
    'audit-mistake': at('audit?since=never'),
    applications: at('applications'),
    'application-details': at(`members/${application.id}`),
    'application-edit': at(`applications/${application.id}/edit`),
    'application-mistake': async (page) => {
      await page.goto(consolePath(`applications/${application.id}/edit`));
      await page.getByLabel('Redirect URIs').fill('http://planner.example/back');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').waitFor();
    },
    'application-remove': at(`applications/${application.id}/remove`),
    organization: at('organization'),
    scopes: at('scopes'),
    keys: at('keys'),
    'use-empty': at(`use?token=${unused}`),
    use: at(`use?token=${shop.id}`),
    invited: async (page) => {
      const body = { kind: 'user', name: 'Grace', email: `grace-${randomUUID()}@example.com`, role: 'viewer' };
      const { id } = await ask('POST', principals, body);
      await page.goto(consolePath(`members/${id}`));
      await page.getByRole('button', { name: 'Invite' }).click();
      await page.getByLabel('Link of the invitation').waitFor();
    },
  };
}

looksAt('the other pages of the console', visits);
