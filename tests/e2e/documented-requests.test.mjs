// The commands of the Space API's documentation, as printed but for the host and the values of their
// variables, sent by the real curl to the product's API and the token service.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { info, redact } from './demo.mjs';

const WITH_PUBLISHABLE = `curl -H "Origin: \${ORIGIN}" \\
"https://api.archilogic.com/v2/floor/\${FLOOR_ID}?pubtoken=\${PUBLISHABLE_TOKEN}"`;

const WITH_SECRET = `curl -H "Authorization: Bearer \${SECRET_TOKEN}" \\
"https://api.archilogic.com/v2/floor/\${FLOOR_ID}"`;

const CREATE_TEMPORARY = `curl -X POST \\
-H "Authorization: Bearer \${SECRET_TOKEN}" \\
-H "Content-Type: application/json" \\
-d '{"scopes": [{"resource": "floor", "action": "readPrivate"}], "durationSeconds": 3600}' \\
"https://api.archilogic.com/v2/temporary-access-token/create"`;

const WITH_TEMPORARY = `curl -H "Authorization: Bearer \${TEMPORARY_TOKEN}" \\
"https://api.archilogic.com/v2/floor/\${FLOOR_ID}"`;

/** Runs a command in a shell. SECURITY: the environment holds the tokens, so that no error message has one. */
async function run(command, base, variables) {
  const local = command.replace('https://api.archilogic.com', new URL(base).origin);
  const text = local.replace(/^curl/, "curl -s -w '\\n%{http_code}'");
  const env = { ...process.env, ...variables };
  try {
    const { stdout } = await promisify(execFile)('sh', ['-c', text], { env });
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) };
  } catch (error) {
    throw new Error(redact(error.message));
  }
}

test('a publishable token reads the public floor from an allowed origin', async () => {
  const variables = { ORIGIN: new URL(info.site).origin, FLOOR_ID: 'ground', PUBLISHABLE_TOKEN: info.publishableToken };
  const { status, body } = await run(WITH_PUBLISHABLE, info.api, variables);
  assert.deepEqual([status, body.id, body.public], [200, 'ground', true]);
  const ORIGIN = 'https://elsewhere.example';
  const refused = await run(WITH_PUBLISHABLE, info.api, { ...variables, ORIGIN });
  assert.deepEqual([refused.status, refused.body.error, refused.body.origin], [403, 'origin_not_allowed', ORIGIN]);
});

test('a secret token reads every floor', async () => {
  for (const FLOOR_ID of ['ground', 'first', 'second']) {
    const { status, body } = await run(WITH_SECRET, info.api, { FLOOR_ID, SECRET_TOKEN: info.secretToken });
    assert.deepEqual([status, body.id], [200, FLOOR_ID]);
  }
});

test('a temporary token is created with the documented answer, and reads the private floor', async () => {
  const before = Math.floor(Date.now() / 1000);
  const created = await run(CREATE_TEMPORARY, info.service, { SECRET_TOKEN: info.secretToken });
  const { authorization, expiresAt, ...more } = created.body;
  assert.deepEqual([created.status, more, Number.isInteger(expiresAt)], [200, {}, true]);
  assert.ok(authorization.startsWith('Bearer '), 'a header value, to be sent as it is');
  assert.ok(expiresAt >= before + 3600 && expiresAt <= before + 3605, 'a Unix time in seconds');

  const TEMPORARY_TOKEN = authorization.slice('Bearer '.length);
  const { status, body } = await run(WITH_TEMPORARY, info.api, { FLOOR_ID: 'first', TEMPORARY_TOKEN });
  assert.deepEqual([status, body.id], [200, 'first']);
  const beyond = await run(WITH_TEMPORARY, info.api, { FLOOR_ID: 'ground', TEMPORARY_TOKEN });
  assert.deepEqual([beyond.status, beyond.body.error], [403, 'insufficient_scope']);
});
