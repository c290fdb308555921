// Kudo's page: an editor that gets one opaque token in its address and starts with the parameters of its partner.
import assert from 'node:assert/strict';
import { info, requests, rule, secrets } from '../demo.mjs';

/**
 * Opens the page and then the editor with one of its choices. The page opens the editor by itself at first, with another
 * session: it is waited for, so that it replaces nothing later.
 */
async function openWith(page, choice) {
  // An editor takes the token out of its address, so that the address has to be seen as it comes.
  const seen = new Set();
  page.on('framenavigated', (frame) => seen.add(frame.url()));
  await page.goto(info.site);
  const first = await openedAfter(page, seen, null);
  await page.getByTestId(`open-${choice}`).click();
  await openedAfter(page, seen, first);
  const editor = page.frameLocator('[data-testid="editor-frame"]');
  await editor.locator('[data-testid="editor-floor"][data-floorline="drawn"]').waitFor();
  return editor;
}

/** Waits until the frame has opened another address than the one before, and returns it. */
async function openedAfter(page, seen, before) {
  for (let tries = 0; tries < 1000; tries += 1) {
    const address = await page.getByTestId('editor-frame').getAttribute('src');
    if (address !== before && seen.has(address)) return address;
    await page.waitForTimeout(20);
  }
  return assert.fail('the editor is not opened');
}

/** The parameters that the editor shows, as an object. */
function parametersOf(editor) {
  const read = (rows) =>
    Object.fromEntries(rows.map(({ cells: [name, value] }) => [name.textContent, JSON.parse(value.textContent)]));
  return editor.locator('#parameters tbody tr').evaluateAll(read);
}

const OWN = { userId: 'ana', server: info.api, workspace: 'northlight/quay-4', auth: 'northlight-editor' };
const CASES = {
  edit: [{ ...OWN, file: 'second', access: 'edit', locale: 'en' }, 'Edit', 'Opened with', 'Quay 4, second floor'],
  view: [{ ...OWN, file: 'first', access: 'view', locale: 'de' }, 'Nur ansehen', 'Geöffnet mit', 'Quay 4, first floor'],
  url: [
    { ...OWN, fileUrl: `${info.editor}/sample-floor.json`, locale: 'fr' },
    'Lecture seule', 'Ouvert avec', 'Pavilion',
  ],
};

for (const [choice, [parameters, access, title, name]] of Object.entries(CASES)) {
  rule(`the editor starts with the parameters of its session token: ${choice}`, {}, async (page) => {
    const seen = requests(page);
    const editor = await openWith(page, choice);
    assert.deepEqual(await parametersOf(editor), parameters);
    assert.equal(await editor.getByTestId('access').innerText(), access);
    assert.equal(await editor.locator('h1').innerText(), title);
    assert.equal(await editor.getByTestId('editor-floor').locator('.name').innerText(), name);
    assert.equal(await editor.getByTestId('rename').isVisible(), choice === 'edit');

    const opened = seen.filter((request) => request.url().startsWith(`${info.editor}/editor.html?`));
    for (const request of opened) assert.deepEqual([...new URL(request.url()).searchParams.keys()], ['token']);
    for (const request of seen) {
      const parts = [request.url(), request.postData() ?? '', ...Object.values(await request.allHeaders())];
      assert.equal(parts.some((part) => secrets.some((secret) => part.includes(secret))), false, 'no secret is sent');
    }
  });
}

rule('an editor that may edit saves a new name', {}, async (page) => {
  const editor = await openWith(page, 'edit');
  const form = editor.getByTestId('rename');
  await form.locator('input').fill('Quay 4, second floor');
  await form.locator('button').click();
  await form.getByText('Saved').waitFor();
});

rule('a token is validated, and a wrong one is refused', {}, async (page) => {
  await openWith(page, 'view');
  await page.getByTestId('verify').click();
  const verified = page.getByTestId('verified');
  await verified.and(page.getByText('"auth"')).waitFor();
  assert.match(await verified.innerText(), /^HTTP 200\n/);
  await page.getByTestId('verify-wrong').click();
  await verified.and(page.getByText('Wrong token')).waitFor();
  assert.match(await verified.innerText(), /^HTTP 403\n/);
});
