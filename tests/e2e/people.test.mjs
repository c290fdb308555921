// The pages on which people accept an invitation and sign in, without a pointer: with the keyboard alone.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rule } from './demo.mjs';
import { PASSWORD, ask, expectFits, expectNoErrors, principals, service } from './people.mjs';

/** Adds a user to the owner's organization, and returns the link that invites the user. */
async function invite(email) {
  const { id } = await ask('POST', principals, { kind: 'user', name: 'Ada Lovelace', email, role: 'developer' });
  return (await ask('POST', `${principals}/${id}/invitation`, {})).link;
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
  rule(`a person accepts an invitation, signs out and in with the keyboard on ${name}`, options, async (page) => {
    const expectNone = expectNoErrors(page);
    const email = `ada-${randomUUID()}@example.com`;
    const link = await invite(email);
    const requests = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(link);
    await page.getByRole('heading', { name: /^Join / }).waitFor();
    assert.equal(await page.getByLabel('Email').inputValue(), email);
    await expectFits(page);

    const password = page.getByLabel('New password');
    await password.and(page.locator(':focus')).waitFor();
    await page.keyboard.type('too short');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'must have 12 characters at least' }).waitFor();
    await password.fill('');
    await password.focus();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'developer' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    await expectFits(page);
    const secret = new URL(link).hash.slice(1);
    assert.ok(requests.length > 4 && !requests.some((url) => url.includes(secret) && !url.includes('#')));
    const [cookie] = await page.context().cookies(service);
    const { httpOnly, secure, sameSite, path } = cookie;
    assert.deepEqual({ httpOnly, secure, sameSite, path }, { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });

    const signOut = page.getByRole('button', { name: 'Sign out' });
    await signOut.focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Email').and(page.locator(':focus')).waitFor();
    assert.deepEqual(await page.context().cookies(service), []);
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong horse battery');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'The email or the password is wrong.' }).waitFor();
    await expectFits(page);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password', { exact: true }).press('Enter');
    await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);

    await page.goto('about:blank');
    await page.goto(link);
    await page.getByRole('alert').filter({ hasText: 'The invitation is not valid.' }).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Accept' }).isHidden());
    expectNone();
  });
}

rule('a failed sign-in at the provider is told, by its code alone', {}, async (page) => {
  await page.goto(`${service}/sign-in?error=sign_in_failed&message=Call%20me`);
  await page.getByRole('alert').filter({ hasText: 'The provider did not confirm an account' }).waitFor();
  assert.ok(!(await page.content()).includes('Call me'));
});
