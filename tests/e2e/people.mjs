// People in the tests: who they are, how they sign in, and what holds of every page that they see.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { info } from './demo.mjs';

export const service = new URL(info.service).origin;
export const PASSWORD = 'correct horse battery';

/** Calls the service with the owner token, and returns the body. */
export async function ask(method, path, json) {
  const headers = { authorization: `Bearer ${info.ownerToken}`, 'content-type': 'application/json' };
  const response = await fetch(service + path, { method, headers, body: json && JSON.stringify(json) });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

/** The owner's organization. */
export const { organization } = (await ask('GET', '/v2/access-token?limit=1')).tokens[0];
export const principals = `/v2/organization/${organization}/principal`;

/** Adds a user, who accepts the invitation, and returns the email. */
export async function addPerson(role = 'developer') {
  const email = `ada-${randomUUID()}@example.com`;
  const { id } = await ask('POST', principals, { kind: 'user', name: 'Ada Lovelace', email, role });
  const { link } = await ask('POST', `${principals}/${id}/invitation`, {});
  const response = await fetch(`${service}/v2/invitation/accept`, {
    method: 'POST',
    headers: { origin: service, 'content-type': 'application/json' },
    body: JSON.stringify({ invitation: new URL(link).hash.slice(1), password: PASSWORD }),
  });
  assert.equal(response.status, 200);
  return email;
}

/** Fails if the page's policy blocked something, or a script failed. */
export function expectNoErrors(page) {
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    // Chromium reports every answer that refuses something, such as 401 to a person who is not signed in.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) errors.push(message.text());
  });
  return () => assert.deepEqual(errors, []);
}

/** The pages have no room to scroll sideways. */
export async function expectFits(page) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
}
