// The running service beside its description, `GET /openapi.json`: schemathesis sends what the description allows and what it
// does not, and every response must be one that the description has.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

const { DAYPASS_SERVICE: program, DAYPASS_PYTHON: python } = process.env;

const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance';
const PASSWORD = 'correct horse battery';
/** All tests, in milliseconds. */
const timeout = 600_000;

const folder = mkdtempSync(join(tmpdir(), 'daypass-openapi-'));
const store = join(folder, 'tokens.db');
const document = join(folder, 'openapi.json');
const env = { PATH: process.env.PATH, DAYPASS_MASTER_KEY: 'A'.repeat(43) };

let service;
let url;
/** The id and the text of a token that may do everything on every tenant. */
let token;

before(async () => {
  // Nothing is refused for its rate: schemathesis is one client.
  const rates = ['refused', 'introspection', 'minting', 'administration'].flatMap((rate) => [`--rate-${rate}`, '0']);
  const serve = ['serve', '--json', '--listen', '127.0.0.1:0', '--store', store, ...rates];
  service = spawn(program, serve, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface({ input: service.stdout }), 'line');
  url = JSON.parse(line).listening;
  const create = ['--kind', 'secret', '--name', 'Tests', '--organization', 'operator', '--grant', '*=*'];
  const created = spawnSync(program, ['token', 'create', ...create, '--store', store, '--json'], { env });
  assert.equal(created.status, 0, String(created.stderr));
  token = JSON.parse(created.stdout);
  writeFileSync(document, JSON.stringify(strict(await (await fetch(`${url}/openapi.json`)).json())));
}, { timeout });

after(async () => {
  if (service && service.exitCode === null) {
    service.kill();
    await once(service, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the description such that no response may have a field that it does not have. */
function strict(description) {
  for (const schema of Object.values(description.components.schemas)) {
    if (schema.properties && schema.additionalProperties === undefined) schema.unevaluatedProperties = false;
  }
  return description;
}

/** Sends a request as the token, and returns the JSON of the response. */
async function request(method, path, body, headers = { authorization: `Bearer ${token.token}` }) {
  const init = { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response;
}

/** Runs schemathesis with these headers, and returns its report without secrets. */
async function schemathesis(headers, options) {
  const secrets = Object.values(headers);
  const given = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const run = ['-m', 'schemathesis.cli', 'run', document, '--url', url, ...given, '--checks', CHECKS];
  const bounds = ['--phases', 'examples,coverage,fuzzing', '--max-redirects', '0', '--request-timeout', '20'];
  const same = ['--generation-deterministic', '--generation-database', 'none', '--no-color', '--continue-on-failure'];
  const process = spawn(python, [...run, ...bounds, ...same, ...options], {
    cwd: folder,
    env: { ...env, HOME: folder, OWN: token.id, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: import.meta.dirname },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let report = '';
  process.stdout.on('data', (text) => (report += text));
  process.stderr.on('data', (text) => (report += text));
  const [code] = await once(process, 'close');
  return { code, report: secrets.reduce((text, secret) => text.replaceAll(secret, '…'), report) };
}

/** Requires that schemathesis found nothing, and that it tried this many operations at least. */
function requireNothing({ code, report }, operations) {
  const [, tested] = /Tested: +(\d+)/.exec(report) ?? [];
  assert.ok(code === 0, report.slice(0, 20_000));
  assert.ok(Number(tested) >= operations, `${tested} operations were tested`);
}

test('every response to a token that may do everything is described', { timeout }, async () => {
  requireNothing(await schemathesis({ Authorization: `Bearer ${token.token}` }, ['--max-examples', '25']), 50);
  // It was active until the end.
  await request('GET', '/v2/access-token?limit=1');
});

test('every response to a signed-in owner is described', { timeout }, async () => {
  const organization = await (await request('POST', '/v2/organization', { name: 'Northlight' })).json();
  const principals = `/v2/organization/${organization.id}/principal`;
  const ada = { kind: 'user', name: 'Ada', email: 'ada@example.com', role: 'owner' };
  const { id } = await (await request('POST', principals, ada)).json();
  const { link } = await (await request('POST', `${principals}/${id}/invitation`)).json();
  const invitation = link.split('#')[1];
  const accepted = await request('POST', '/v2/invitation/accept', { invitation, password: PASSWORD }, { origin: url });
  const cookie = accepted.headers.get('set-cookie').split(';')[0];
  const session = { Cookie: cookie, Origin: url };
  // Of these the first ends the session, and the next one the user whom it is of.
  const others = ['signOut', 'removePrincipal', 'editPrincipal'].flatMap((id) => ['--exclude-operation-id', id]);
  requireNothing(await schemathesis(session, ['--max-examples', '10', ...others]), 45);
  await request('GET', '/v2/session', undefined, session);
});
