// Crafter Profile's page: an admin console for access tokens, and the example permissions at a profile API.
import assert from 'node:assert/strict';
import { info, rule } from '../demo.mjs';

const rows = (page, name) =>
  page.getByTestId(name).locator('tbody tr').evaluateAll((rows) =>
    rows.map(({ cells }) => [...cells].map((cell) => cell.textContent)));

/** Waits until a table has what a test expects. */
async function untilRows(page, name, is, milliseconds = 10_000) {
  for (const end = Date.now() + milliseconds; ; await new Promise((done) => setTimeout(done, 50))) {
    const seen = await rows(page, name);
    if (is(seen)) return seen;
    assert.ok(Date.now() < end, JSON.stringify(seen));
  }
}

const DENIED = 'ACTION_DENIED';
const ALL_DENIED = 'ACCESS_DENIED';

// The steps and words are those of Crafter’s documentation, "Access Tokens Management".
rule('a person follows Crafter’s steps: list, details, new and delete', {}, async (page) => {
  await page.goto(info.site);
  // "click the List Access Tokens link in the left sidebar"
  const sidebar = page.getByRole('navigation', { name: 'Sidebar' });
  const place = await sidebar.boundingBox();
  assert.ok(place.x + place.width <= (await page.getByTestId('tokens').boundingBox()).x);
  await sidebar.getByRole('link', { name: 'List Access Tokens' }).click();
  // "By default three tokens will be created"
  const first = await untilRows(page, 'tokens', (seen) => seen.length >= 3);
  for (const application of ['profile-admin', 'engine', 'social']) {
    const row = first.find((cells) => cells[1] === application);
    assert.deepEqual(row.slice(0, 4), [application, application, application === 'profile-admin' ? 'yes' : 'no', 'never']);
  }
  // "click the ID of an existing record to display the details"
  await page.getByTestId('tokens').getByRole('button', { name: 'engine' }).click();
  await page.getByTestId('details').filter({ hasText: '"MANAGE_TICKETS"' }).waitFor();

  // "click the New Access Token link in the left sidebar"
  await sidebar.getByRole('link', { name: 'New Access Token' }).click();
  const form = page.getByTestId('new');
  // Without an ID, a random one.
  for (const field of ['ID', 'Master', 'Expires On']) await form.getByLabel(field, { exact: true }).waitFor();
  await form.getByLabel('Application').fill('corporate site');
  // "List of tenants with allowed permissions for each one"
  const tenants = form.getByRole('group', { name: 'Tenant Permissions' });
  await tenants.getByRole('button', { name: 'Add a tenant' }).click();
  for (const [number, action] of [[1, 'READ_TENANT'], [2, 'UPDATE_TENANT']]) {
    const tenant = tenants.getByRole('group', { name: `Tenant ${number}` });
    await tenant.getByLabel('Tenant', { exact: true }).fill(`site${number}`);
    await tenant.getByLabel(action).check();
  }
  await form.getByRole('button', { name: 'Accept' }).click();
  await page.getByTestId('created').filter({ hasText: 'ID: dp_app_' }).waitFor();
  const created = await untilRows(page, 'tokens', (seen) => seen.some((cells) => cells[1] === 'corporate site'));
  const [id] = created.find((cells) => cells[1] === 'corporate site');
  assert.match(id, /^acc_/);
  await page.getByTestId('tokens').getByRole('button', { name: id }).click();
  await page.getByTestId('details').filter({ hasText: '"site1"' }).filter({ hasText: '"site2"' }).waitFor();
  // "delete them if needed"
  await page.getByTestId('tokens').locator('tr', { hasText: 'corporate site' }).getByText('Delete').click();
  await untilRows(page, 'tokens', (seen) => !seen.some((cells) => cells[1] === 'corporate site'));
});

rule('the example permissions decide, and end with the token until it is created again', {}, async (page) => {
  await page.goto(info.site);
  const tryAll = async (is) => {
    for (const end = Date.now() + 10_000; ; ) {
      await page.getByTestId('try').click();
      const seen = await untilRows(page, 'decisions', (seen) => seen.length === 5);
      if (is(seen)) return seen;
      assert.ok(Date.now() < end, JSON.stringify(seen));
    }
  };
  const expected = [
    ['Query the tenant', 'allowed', 'allowed', DENIED],
    ['Update the tenant', DENIED, 'allowed', DENIED],
    ['Query profiles', 'allowed', 'allowed', DENIED],
    ['Create a profile', 'allowed', 'allowed', DENIED],
    ['Delete the tenant', DENIED, DENIED, DENIED],
  ];
  const isExample = (seen) => JSON.stringify(seen) === JSON.stringify(expected);
  await tryAll(isExample);
  await page.getByTestId('delete-example').click();
  await page.getByTestId('example-state').filter({ hasText: 'deleted' }).waitFor();
  await tryAll((seen) => seen.every((row) => row.slice(1).every((cell) => cell === ALL_DENIED)));
  await page.getByTestId('create-example').click();
  await page.getByTestId('example-state').filter({ hasText: 'exists again' }).waitFor();
  await tryAll(isExample);
});

rule('ids can be read on a phone, and only the table is wider than it', { viewport: { width: 390, height: 844 } }, async (page) => {
  await page.goto(info.site);
  await untilRows(page, 'tokens', (seen) => seen.length >= 3);
  for (const button of await page.getByTestId('tokens').locator('.id button').all()) {
    const { width, height } = await button.boundingBox();
    assert.ok(width > height, `${width} × ${height}`);
  }
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});
