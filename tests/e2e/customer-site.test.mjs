// The customer's backend alone: what it gives, what it refuses, and what it says when something is missing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { info } from './demo.mjs';

const program = fileURLToPath(new URL('../../examples/customer-site/server.mjs', import.meta.url));
const VARIABLES = {
  PORT: '0',
  DAYPASS_SERVICE: 'http://127.0.0.1:9',
  FLOOR_API: 'http://127.0.0.1:9',
  EMBED: 'http://127.0.0.1:9',
  SECRET_TOKEN: 'secret-canary',
  MANAGER_TOKEN: 'manager-canary',
  PARTNER_KEY: 'partner-canary',
  PUBLISHABLE_TOKEN: 'a',
  FOREIGN_TOKEN: 'b',
  REVOKED_TOKEN: 'c',
};

function post(site, path, body, type = 'application/json') {
  return fetch(new URL(path, site), { method: 'POST', headers: { 'Content-Type': type }, body });
}

test('the customer’s backend gives no more than it should', async () => {
  const { site } = info;
  const form = 'application/x-www-form-urlencoded';
  const table = [
    ['a scope that visitors do not get', post(site, '/floor-token', '{"scopes":["floor:update"]}'), 403],
    ['all scopes, by naming none', post(site, '/floor-token', '{}'), 403],
    ['a duration out of range', post(site, '/floor-token', '{"scopes":["floor:readPublic"],"durationSeconds":1}'), 400],
    ['a bundle of no kind', post(site, '/open-editor', '{"kind":"other"}'), 400],
    ['a body that is not JSON', post(site, '/floor-token', '{'), 400],
    ['a body that is too long', post(site, '/floor-token', `{"scopes":"${'x'.repeat(20_000)}"}`), 400],
    ['a form, which needs no preflight', post(site, '/floor-token', 'scopes=all', form), 400],
    ['a revocation by a form', post(site, '/revoke-live-token', '', form), 400],
    ['a file beside the pages', fetch(new URL('/..%2f..%2fexamples%2fcustomer-site%2fserver.mjs', site)), 404],
    ['a path that is not there', fetch(new URL('/secret', site)), 404],
  ];
  for (const [name, answer, status] of table) assert.equal((await answer).status, status, name);

  const token = await post(site, '/floor-token', '{"scopes":["floor:readPublic"],"durationSeconds":900}');
  assert.equal(token.headers.get('cache-control'), 'no-store');
  assert.deepEqual(Object.keys(await token.json()).sort(), ['authorization', 'expiresAt']);
});

test('its pages have a strict policy and their right types', async () => {
  const page = await fetch(info.site);
  const policy = page.headers.get('content-security-policy');
  assert.ok(policy.startsWith("default-src 'none'; "));
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/);
  const text = await page.text();
  assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/, 'nothing inline');
  const types = {
    '/host.js': 'text/javascript; charset=utf-8',
    '/style.css': 'text/css; charset=utf-8',
    '/favicon.svg': 'image/svg+xml',
  };
  for (const [path, type] of Object.entries(types)) {
    assert.equal((await fetch(new URL(path, info.site))).headers.get('content-type'), type);
  }
});

test('it names the variable that is missing', async () => {
  for (const name of Object.keys(VARIABLES)) {
    const { code, log } = await run({ ...VARIABLES, [name]: '' });
    assert.equal(code, 1);
    assert.match(log, new RegExp(`^customer-site: .*\\b${name}\\b`));
    assert.doesNotMatch(log, /canary/);
  }
});

test('it answers 502 while the service is unreachable, and its log holds no secret', async () => {
  const env = { ...process.env, ...VARIABLES };
  const server = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  server.stderr.on('data', (text) => (log += text));
  try {
    const [line] = await once(server.stdout, 'data');
    const site = JSON.parse(line).listening;
    const token = await post(site, '/floor-token', '{"scopes":["floor:readPublic"]}');
    assert.equal(token.status, 502);
    assert.equal((await token.json()).error, 'unavailable');
    assert.equal((await post(site, '/open-editor', '{"kind":"signed"}')).status, 502);
    assert.equal((await post(site, '/live-token', '{}')).status, 502);
    assert.equal((await post(site, '/revoke-live-token', '{}')).status, 502);
  } finally {
    server.kill();
    await once(server, 'close');
  }
  assert.match(log, /POST \/floor-token: /);
  assert.doesNotMatch(log, /canary/);
});

/** Runs the backend until it exits. */
async function run(variables) {
  const env = { ...process.env, ...variables };
  const server = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.on('data', (text) => (log += text));
  const [code] = await once(server, 'close');
  return { code, log };
}
