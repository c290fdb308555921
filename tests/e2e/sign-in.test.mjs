// The sign-in and the sign-out without scripts, and the pages that say errors.
import assert from 'node:assert/strict';
import { HOSTILE, consolePath, looksAt } from './console.mjs';
import { rule } from './demo.mjs';
import { PASSWORD, addPerson, service } from './people.mjs';
import { serve } from './server.mjs';

const WITHOUT_SCRIPTS = { javaScriptEnabled: false, chromiumOnly: 'WebDriver BiDi turns no scripts off in Firefox ESR' };

const heading = (page, name) => page.getByRole('heading', { name, level: 1 });

async function enter(page, email, password) {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

rule('a person signs in, goes through the console and signs out without scripts', WITHOUT_SCRIPTS, async (page) => {
  const email = await addPerson('owner');
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  await page.goto(`${service}/console`);
  await enter(page, email, 'wrong horse battery');
  const password = page.getByLabel('Password', { exact: true });
  await page.getByRole('alert').getByRole('link', { name: 'The email or the password is wrong.' }).waitFor();
  assert.equal(await password.getAttribute('aria-invalid'), 'true');
  assert.equal(await page.getByLabel('Email').inputValue(), email);
  assert.equal(await password.inputValue(), '');
  await password.and(page.locator(':focus')).waitFor();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Tokens').waitFor();
  await page.getByRole('link', { name: 'Your account' }).click();
  await heading(page, 'Ada Lovelace').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Sign in').waitFor();
  assert.deepEqual(await page.context().cookies(service), []);
  await page.goto(consolePath('tokens'));
  await heading(page, 'Sign in').waitFor();
  assert.ok(!addresses.some((address) => address.includes('horse')));
});

rule('a page of another origin signs nobody in or out', {}, async (page) => {
  const email = await addPerson('owner');
  await page.goto(`${service}/sign-in`);
  await enter(page, email, PASSWORD);
  await heading(page, 'Ada Lovelace').waitFor();
  const origin = await serve((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Evil</title><form method="post" action="${service}${request.url}">
      <input name="email" value="eve@example.com"><input name="password" value="x"><button>Win a prize</button></form>`);
  });
  for (const path of ['/sign-out', '/sign-in', '/sign-in/openid-connect', '/sign-in/link']) {
    await page.goto(origin + path);
    await page.getByRole('button').click();
    await heading(page, 'Not from this site').waitFor();
  }
  await page.goto(`${service}/sign-in`);
  await heading(page, 'Ada Lovelace').waitFor();
});

rule('a person who goes astray gets a page, signed in or not', {}, async (page) => {
  for (const signsIn of [false, true]) {
    if (signsIn) {
      await page.goto(`${service}/sign-in`);
      await enter(page, await addPerson('viewer'), PASSWORD);
      await heading(page, 'Ada Lovelace').waitFor();
    }
    for (const [path, name] of [
      ['nothing/here', 'Not found'],
      [`tokens/x/${encodeURIComponent(HOSTILE)}`, 'Not found'],
    ]) {
      const response = await page.goto(consolePath(path));
      assert.equal(response.status(), 404);
      await heading(page, name).waitFor();
    }
    await page.getByRole('link', { name: 'Daypass', exact: true }).click();
    await heading(page, signsIn ? 'Tokens' : 'Sign in').waitFor();
  }
});

looksAt('the sign-in and the errors', () => {
  const at = (path) => (page) => page.goto(service + path);
  return {
    account: at('/sign-in'),
    'not-found': at('/console/acme/nothing/here'),
    'not-allowed': at('/sign-out'),
    'sign-in': async (page) => {
      await page.context().clearCookies();
      await page.goto(`${service}/sign-in?to=console`);
    },
    // In a new document: Firefox ends where axe-core has looked at the one whose form is sent.
    'sign-in-wrong': async (page) => {
      await page.goto(`${service}/sign-in?to=console`);
      await enter(page, 'ada@example.com', 'wrong horse battery');
      await page.getByRole('alert').waitFor();
    },
    'sign-in-application': at('/sign-in?authorize=client_id%3Dx&error=sign_in_failed'),
  };
});
