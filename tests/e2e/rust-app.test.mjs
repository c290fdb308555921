// The example of a web app in Rust (`examples/floor-yew`) beside the demo's API.
import assert from 'node:assert/strict';
import { backend, countCalls, createTemporaryToken, lastQuestion } from './backend.mjs';
import { info, LIFE, rule } from './demo.mjs';
import { watch } from './watch.mjs';

/** Opens the app with a provider of the backend. */
async function open(page, provider) {
  const query = new URLSearchParams({ api: info.api, provider });
  await page.goto(`${backend}/rust-app/?${query}`);
}

/** Waits until the app shows the floor, as the API has it. */
async function untilFloor(page) {
  const { authorization } = await createTemporaryToken();
  const response = await fetch(new URL('/v2/floor/first', info.api), { headers: { Authorization: authorization } });
  const { name, rooms } = await response.json();
  await page.getByRole('heading', { name }).waitFor();
  await page.getByText(`${rooms.length} rooms`, { exact: true }).waitFor();
}

rule('a web app in Rust shows a floor with a token for the scope that it needs', {}, async (page) => {
  const provider = '/token?of=rust-app';
  await open(page, provider);
  await untilFloor(page);
  assert.deepEqual(lastQuestion(provider).scopes, ['floor:readPrivate']);
  assert.equal(await page.getByRole('alert').count(), 0);
});

rule('a web app in Rust shows each refresh, and goes on with the new token', {}, async (page) => {
  const provider = `/token?of=rust-refresh&life=${LIFE}`;
  await open(page, provider);
  await untilFloor(page);
  const events = page.getByRole('listitem');
  await events.nth(3).waitFor();
  const asking = 'asking for a token, attempt 1';
  const inUse = 'a new token is in use';
  assert.deepEqual((await events.allTextContents()).slice(0, 4), [asking, inUse, asking, inUse]);
  assert.ok(countCalls(provider) >= 3);
  // The first token has expired by now.
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/v2/floor/first')),
    page.getByRole('button', { name: 'Reload' }).click(),
  ]);
  assert.equal(response.status(), 200);
});

rule('a web app in Rust shows what to do about a refusal', {}, async (page) => {
  await open(page, '/forbidden');
  const alert = page.getByRole('alert');
  await alert.getByText('Your backend answered 403: have the visitor sign in again.').waitFor();
  assert.equal(await page.getByRole('heading').count(), 0);

  await open(page, '/signed-out?of=rust-app');
  await alert.getByText('Go to /login.').waitFor();
});

rule('a web app in Rust that unmounts a part leaves no timer or listener', {}, async (page) => {
  await page.addInitScript(watch);
  const provider = '/token?of=rust-close';
  await open(page, provider);
  const held = () => page.evaluate(() => [globalThis.watched.timers.size, globalThis.watched.listeners]);
  const mounted = [];
  const unmounted = [];
  for (let round = 0; round < 2; round++) {
    await untilFloor(page);
    mounted.push(await held());
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Open' }).waitFor();
    unmounted.push(await held());
    assert.equal(await page.getByRole('heading').count(), 0);
    await page.getByRole('button', { name: 'Open' }).click();
  }
  await untilFloor(page);
  assert.equal(countCalls(provider), 3, 'each mount is a connection of its own');

  // Playwright has listeners of its own in Firefox, always the same number.
  const [[timers, listeners], again] = mounted;
  assert.deepEqual(again, [timers, listeners]);
  assert.ok(timers > 0 && listeners > unmounted[0][1], `${mounted} ${unmounted}`);
  assert.deepEqual(unmounted, [[0, unmounted[0][1]], [0, unmounted[0][1]]]);
});
