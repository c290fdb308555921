// The running service beside its description, `GET /openapi.json`: schemathesis sends what the description allows and
// what it does not, and every response must be one that the description has.
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
/** The ids of an organization, of its principals and of tokens, by the names that paths give them. */
let known;

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
  known = await populate();
  writeFileSync(document, JSON.stringify(strict(await (await fetch(`${url}/openapi.json`)).json())));
}, { timeout });

after(async () => {
  if (service && service.exitCode === null) {
    service.kill();
    await once(service, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Makes what requests can be about: an organization with users, applications and a service account, and tokens. */
async function populate() {
  const { id } = await send('POST', '/v2/organization', { name: 'Northlight' });
  const kinds = ['user', 'application', 'user', 'application', 'serviceAccount'];
  const principals = kinds.map((kind, number) => ({ kind, name: `Principal ${number}`, ...user(kind, number) }));
  const ids = { id: [id], principal: [], token: [] };
  for (const body of principals) ids.principal.push((await send('POST', `/v2/organization/${id}/principal`, body)).id);
  for (let number = 0; number < 20; number += 1) {
    ids.token.push((await send('POST', '/v2/access-token', { kind: 'secret', name: `Token ${number}` })).id);
  }
  return ids;
}

/** Returns what a user has and no other principal. */
const user = (kind, number) => (kind === 'user' ? { email: `${number}@example.com`, role: 'owner' } : {});

/** Returns the description such that no response may have a field that it does not have. */
function strict(description) {
  for (const schema of Object.values(description.components.schemas)) {
    if (schema.properties && schema.additionalProperties === undefined) schema.unevaluatedProperties = false;
  }
  return description;
}

/** Sends a request as the token, and returns the JSON of the response. */
async function send(...parts) {
  return (await request(...parts)).json();
}

/** Sends a request that must be done, as the token or with these headers. */
async function request(method, path, body, headers = { authorization: `Bearer ${token.token}` }) {
  const init = { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response;
}

/** What a report may not show: tokens, JWTs, and the secrets in links. */
const SECRETS = /\bdp_[a-z]+_\w+|\beyJ[\w.-]+|#[\w-]{20,}/g;

/** Runs schemathesis with these headers, and returns its report without secrets. */
async function schemathesis(headers, options) {
  const secrets = Object.values(headers);
  const given = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const run = ['-m', 'schemathesis.cli', 'run', document, '--url', url, ...given, '--checks', CHECKS];
  const bounds = ['--phases', 'examples,coverage,fuzzing', '--max-redirects', '0', '--request-timeout', '20'];
  const same = ['--generation-deterministic', '--no-color', '--continue-on-failure'];
  // It would make up tokens, which count before a session.
  const noOthers = ['--generation-with-security-parameters', 'false'];
  const own = { OWN: token.id, KNOWN: JSON.stringify(known), SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: import.meta.dirname };
  const child = spawn(python, [...run, ...bounds, ...same, ...noOthers, ...options], {
    cwd: folder,
    env: { ...env, ...own, HOME: folder, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let report = '';
  child.stdout.on('data', (text) => (report += text));
  child.stderr.on('data', (text) => (report += text));
  const [code] = await once(child, 'close');
  const withoutGiven = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), report);
  return { code, report: withoutGiven.replaceAll(SECRETS, '…') };
}

/** Requires that schemathesis found nothing, and that it tried this many operations at least. */
function requireNothing(t, { code, report }, operations) {
  const [, tested] = /Tested: +(\d+)/.exec(report) ?? [];
  assert.ok(code === 0, report.slice(0, 20_000));
  const [cases] = /\d+ generated.*/.exec(report) ?? [];
  t.diagnostic(`${tested} operations, ${cases}`);
  assert.ok(Number(tested) >= operations, `${tested} operations were tested`);
}

test('every response to a token that may do everything is described', { timeout }, async (t) => {
  requireNothing(t, await schemathesis({ Authorization: `Bearer ${token.token}` }, ['--max-examples', '25']), 50);
  // It was active until the end.
  await request('GET', '/v2/access-token?limit=1');
});

test('every response to a signed-in owner is described', { timeout }, async (t) => {
  known = await populate();
  const [organization] = known.id;
  // The first principal signs in, and the others are what requests are about.
  const invite = `/v2/organization/${organization}/principal/${known.principal.shift()}/invitation`;
  const { link } = await send('POST', invite);
  const body = { invitation: link.split('#')[1], password: PASSWORD };
  const accepted = await request('POST', '/v2/invitation/accept', body, { origin: url });
  const [cookie] = accepted.headers.get('set-cookie').split(';');
  const session = { Cookie: cookie, Origin: url, 'Daypass-Organization': organization };
  // It ends the session.
  const others = ['--exclude-operation-id', 'signOut'];
  requireNothing(t, await schemathesis(session, ['--max-examples', '10', ...others]), 50);
  await request('GET', '/v2/session', undefined, session);
});
