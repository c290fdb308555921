// service/deploy/daypass.service: systemd understands it, it is hardened, and the service can live with that.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { daypass, folder, read, replaced, unprivileged, until } from './world.mjs';

const timeout = 300_000;
const UNIT = 'daypass.service';
const analyze = (...args) => spawnSync('systemd-analyze', ['--no-pager', ...args], { encoding: 'utf8' });

/** The settings of a key of the unit, in order. */
const settings = (key) => [...read(UNIT).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value);

test('systemd verifies the unit', () => {
  const file = join(folder(), UNIT);
  const verify = (text) => {
    writeFileSync(file, text);
    const { status, stderr } = analyze('verify', '--man=no', '--recursive-errors=no', file);
    return [status, stderr];
  };
  const unit = replaced(read(UNIT), [['/usr/local/bin/daypass', daypass]]);
  assert.deepEqual(verify(unit), [0, '']);
  const [, complaint] = verify(unit.replace('ProtectHome=', 'ProtectHouse='));
  assert.match(complaint, /ProtectHouse/, 'a mistake is found');
});

test('the unit is as hardened as it says', () => {
  const { stdout } = analyze('security', '--offline=true', join('service/deploy', UNIT));
  const exposure = Number(/exposure level for daypass\.service: ([\d.]+)/.exec(stdout)?.[1]);
  assert.ok(exposure <= 1.5, `systemd-analyze security: ${exposure}, of 10 at the worst`);
});

/** The system calls that the unit allows, as systemd lists those of each set. */
function allowedCalls() {
  const sets = {};
  let set;
  for (const line of analyze('syscall-filter').stdout.split('\n')) {
    const [, indent, name] = /^(\s*)([@\w-]+)$/.exec(line) ?? [];
    if (name && indent === '') set = sets[name] = [];
    else if (name) set?.push(name);
  }
  const calls = (name) => (name.startsWith('@') ? sets[name].flatMap(calls) : [name]);
  let allowed = new Set();
  for (const value of settings('SystemCallFilter')) {
    const named = value.replace('~', '').split(' ').flatMap(calls);
    if (value.startsWith('~')) named.forEach((call) => allowed.delete(call));
    else allowed = new Set([...allowed, ...named]);
  }
  return allowed;
}

test('the service makes no system call that the unit refuses', { timeout }, async (t) => {
  const place = folder();
  const store = join(place, 'daypass.db');
  execFileSync(daypass, ['key', 'master', join(place, 'master-key')], unprivileged);
  const [, name, value] = /^"(\w+)=(.*)"$/.exec(settings('Environment')[0]);
  const env = { ...process.env, CREDENTIALS_DIRECTORY: place, [name]: value };
  const trace = join(place, 'trace');
  const serve = [daypass, 'serve', '--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0', '--store', store];
  const options = { env, cwd: place, stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...unprivileged };
  const strace = spawn('strace', ['-f', '-qq', '-o', trace, ...serve], options);
  // The whole group: what strace follows goes on without it.
  t.after(() => {
    if (strace.exitCode === null) process.kill(-strace.pid, 'SIGKILL');
  });
  let [printed, journal] = ['', ''];
  strace.stderr.on('data', (chunk) => (journal += chunk));
  strace.stdout.on('data', (chunk) => (printed += chunk));
  const origin = await until(() => /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0], () => 'the service does not listen');
  const create = ['token', 'create', '--store', store, '--kind', 'secret', '--name', 'API', '--json'];
  const scopes = ['token:introspect', 'token:revoke', 'floor:readPublic'].flatMap((scope) => ['--scope', scope]);
  const created = execFileSync(daypass, [...create, ...scopes], { env, encoding: 'utf8', ...unprivileged });
  const { token } = JSON.parse(created);
  const call = async (method, path, body) => {
    const type = typeof body === 'string' && { 'content-type': 'application/json' };
    const headers = { authorization: `Bearer ${token}`, ...type };
    return (await fetch(origin + path, { method, headers, body })).status;
  };
  // Signs with the key that the master key opens, reads, writes and revokes.
  assert.equal(await call('POST', '/v2/temporary-access-token/create', '{"scopes":["floor:readPublic"]}'), 200);
  assert.equal(await call('POST', '/introspect', new URLSearchParams({ token })), 200);
  assert.equal(await call('GET', '/ready'), 200);
  assert.equal(await call('POST', '/revoke', new URLSearchParams({ token })), 200);
  const child = Number(readFileSync(`/proc/${strace.pid}/task/${strace.pid}/children`, 'utf8'));
  process.kill(child, 'SIGTERM');
  if (strace.exitCode === null) await once(strace, 'exit');

  assert.deepEqual([settings('StandardOutput'), printed.includes('dp_sec_')], [['null'], true]);
  assert.ok(journal.includes('INFO') && !journal.includes('dp_sec_'), 'the journal has the log, and no token');
  const made = new Set([...readFileSync(trace, 'utf8').matchAll(/^\d+ +(\w+)\(/gm)].map(([, call]) => call));
  assert.ok(made.has('accept4') && made.has('fdatasync'), 'the trace has what the service does');
  const allowed = allowedCalls();
  assert.deepEqual([...made].filter((call) => !allowed.has(call)), []);
});
