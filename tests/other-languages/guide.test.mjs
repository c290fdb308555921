// The modules of docs/guides/other-languages.md, as printed, with tokens of a real service and others that differ from
// one in a single respect.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { read } from '../docs/blocks.mjs';
import { GUIDE, modules, World } from './world.mjs';

const HERE = 'tests/other-languages';
/** The modules that verify nothing. */
const HELPERS = ['grants.mjs', 'introspect.mjs', 'keys.mjs', 'grants.py', 'keys.py'];
const PYTHON = process.env.DAYPASS_OTHER_PYTHON;
/** The longest that compiling Rust's libraries may take on a busy machine, in milliseconds. */
const timeout = 1_800_000;

const verifiers = (language) => modules(language).filter((name) => !HELPERS.includes(name));

let world;
let tokens;
before(async () => {
  world = await World.start();
  tokens = await world.tokens();
});
after(() => world?.close());

/** Checks what each module made of each token: it accepts the first two alone. */
function check(report, language) {
  assert.deepEqual(Object.keys(report).sort(), verifiers(language).sort());
  for (const [name, verdicts] of Object.entries(report)) {
    const valid = Object.keys(tokens).slice(0, 2);
    for (const what of Object.keys(tokens)) {
      const verdict = verdicts[what];
      const isAsExpected = valid.includes(what) ? verdict === world.claims.jti : /^refused: /.test(verdict);
      assert.ok(isAsExpected, `${name}, a token ${what}: ${verdict}`);
    }
  }
}

test('each module in Node accepts our tokens alone', { timeout }, async () => {
  check(await world.ask('node', [`${HERE}/driver.mjs`], { modules: verifiers('js'), tokens }), 'js');
});

test('each module in Python accepts our tokens alone', { timeout }, async () => {
  check(await world.ask(PYTHON, [`${HERE}/driver.py`], { modules: verifiers('python'), tokens }), 'python');
});

test('each module in Rust accepts our tokens alone', { timeout }, async () => {
  const builds = join(world.rust, 'target');
  const place = ['--manifest-path', join(world.rust, 'Cargo.toml'), '--target-dir', builds];
  execFileSync('cargo', ['build', '--quiet', '--locked', ...place], { stdio: 'inherit' });
  check(await world.ask(join(builds, 'debug/daypass-other-languages'), [], { jwks: world.jwks, tokens }), 'rust');
});

/** What `allows` of the guide is asked, and what our verifier says. */
const GRANTS = [
  [[], false],
  [[{ tenant: 'org_a', scopes: ['floor:read'] }], true],
  [[{ tenant: 'org_b', scopes: ['floor:read'] }], false],
  [[{ tenant: '*', scopes: ['floor:*'] }], true],
  [[{ tenant: 'org_a', scopes: ['*'] }], true],
  [[{ tenant: 'org_a', scopes: ['floor:readAll', 'floors:read'] }], false],
  [[{ tenant: 'org_a', scopes: ['floor:read:f1'] }], true],
  [[{ tenant: 'org_a', scopes: ['floor:read:f2', 'floor:*:f2'] }], false],
  [[{ tenant: 'org_a', scopes: ['floor:read'], resources: [{ type: 'floor', id: 'f1' }] }], true],
  [[{ tenant: 'org_a', scopes: ['floor:read'], resources: [{ type: 'floor', id: 'f2' }] }], false],
  [[{ tenant: 'org_a', scopes: ['floor:read'], resources: [{ type: 'site', id: 's1' }] }], true],
  // No grant alone has all.
  [[{ tenant: 'org_a', scopes: ['floor:write'] }, { tenant: 'org_b', scopes: ['*'] }], false],
];

const SHOP = 'https://shop.example';
/** Claims and an origin, and whether they may be used from there. */
const USABLE = [
  [{}, null, true],
  [{}, SHOP, true],
  [{ cnf: { jkt: 'k' } }, SHOP, false],
  [{ origins: ['shop.example'] }, SHOP, true],
  [{ origins: ['shop.example'] }, 'http://shop.example:8080', true],
  [{ origins: ['shop.example'] }, null, false],
  [{ origins: ['shop.example'] }, 'null', false],
  [{ origins: ['shop.example'] }, 'https://evilshop.example', false],
  [{ origins: ['shop.example'] }, 'https://www.shop.example', false],
  [{ origins: ['*.shop.example'] }, 'https://www.shop.example', true],
  [{ origins: ['*.shop.example'] }, SHOP, false],
  [{ origins: ['*.shop.example'] }, 'https://evilshop.example', false],
  [{ origins: ['https://shop.example'] }, 'http://shop.example', false],
  [{ origins: ['https://shop.example:8443'] }, SHOP, false],
  [{ origins: ['shop.example:443'] }, SHOP, true],
  [{ origins: ['app://shop.example'] }, SHOP, false],
  [{ origins: ['a.example', 'shop.example'] }, SHOP, true],
  [{ origins: ['deploy-*.shop.example'] }, 'https://deploy-1.shop.example', true],
  [{ origins: ['deploy-*.shop.example'] }, 'https://deploy-.shop.example', false],
  [{ origins: ['deploy-*.shop.example'] }, 'https://deploy-1.a.shop.example', false],
  [{ origins: ['deploy-*.shop.example'] }, 'https://www.deploy-1.shop.example', false],
  [{ origins: ['www.deploy-*.shop.example'] }, 'https://www.deploy-1.shop.example', true],
  [{ origins: ['*-1.shop.example:8443'] }, 'https://deploy-1.shop.example:8443', true],
  [{ origins: ['*-1.shop.example'] }, 'https://xn--deploy-1.shop.example', false],
  [{ origins: ['www.*-1.shop.example'] }, 'https://www.xn--deploy-1.shop.example', false],
  [{ origins: ['*.shop.example'] }, 'https://xn--deploy-1.shop.example', true],
  [{ origins: ['vscode-webview:'] }, 'vscode-webview://1q2w3e4r', true],
  [{ origins: ['app:'] }, 'app:', true],
  [{ origins: ['app:'] }, 'vscode-webview://1q2w3e4r', false],
  [{ origins: ['https:'] }, SHOP, false],
  [{ origins: ['[::1]:8080'] }, 'http://[::1]:8080', true],
  [{ origins: ['shop.example'] }, 'http://[', false],
  [{ origins: ['shop.example'] }, 'constructor://shop.example', false],
];

test('grants.mjs decides as the table says', async () => {
  const { allows, isUsable } = await import(pathToFileURL(join(world.folder, 'grants.mjs')));
  for (const [grants, expected] of GRANTS) {
    assert.equal(allows(grants, 'floor:read', 'org_a', 'f1'), expected, JSON.stringify(grants));
  }
  for (const [claims, origin, expected] of USABLE) {
    assert.equal(isUsable(claims, origin ?? undefined), expected, `${JSON.stringify(claims)} ${origin}`);
  }
});

test('grants.py decides as grants.mjs', async () => {
  const code = `import json, sys
batch = json.load(sys.stdin)
sys.path.insert(0, batch["folder"])
from grants import allows, is_usable
allowed = [allows(grants, "floor:read", "org_a", "f1") for grants, _ in batch["grants"]]
json.dump([allowed, [is_usable(claims, origin) for claims, origin, _ in batch["usable"]]], sys.stdout)`;
  const verdicts = await world.ask(PYTHON, ['-c', code], { grants: GRANTS, usable: USABLE });
  assert.deepEqual(verdicts, [GRANTS.map(([, expected]) => expected), USABLE.map(([, , expected]) => expected)]);
});

/** A server of a JWKS that the test changes, and how often it was asked. */
async function startKeys() {
  const keys = { asked: 0, set: JSON.parse(world.jwks).keys };
  const server = createServer((request, response) => {
    keys.asked += 1;
    response.statusCode = keys.set ? 200 : 503;
    response.end(JSON.stringify({ keys: keys.set }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  keys.url = `http://127.0.0.1:${server.address().port}/.well-known/jwks.json`;
  keys.close = () => server.close();
  return keys;
}

/** A module of the guide that asks another server for keys. */
function withKeys(name, { url }) {
  const code = readFileSync(join(world.folder, name), 'utf8');
  const file = join(world.folder, `other-${name}`);
  writeFileSync(file, code.replace(`${world.issuer}/.well-known/jwks.json`, url));
  return import(pathToFileURL(file));
}

test('keys.mjs asks seldom, whatever keys are made up, and keeps what it has', async (t) => {
  const keys = await startKeys();
  t.after(() => keys.close());
  let now = performance.now();
  t.mock.method(performance, 'now', () => now);
  const logged = t.mock.method(console, 'error', () => {});
  const { findKey } = await withKeys('keys.mjs', keys);
  const find = async (kid) => {
    const found = await findKey({ header: { typ: 'at+jwt', kid } }).catch(({ message }) => message);
    return /^-----BEGIN PUBLIC KEY/.test(found) ? 'found' : found;
  };
  const [known, other] = keys.set;
  keys.set = [known];
  assert.deepEqual(await Promise.all([find(known.kid), find(known.kid)]), ['found', 'found']);
  for (const n of Array(20).keys()) assert.equal(await find(`made-up-${n}`), 'unknown key');
  keys.set = [known, other];
  assert.deepEqual([await find(known.kid), await find(other.kid), keys.asked], ['found', 'unknown key', 1]);
  now += 31_000;
  assert.deepEqual([await find(other.kid), keys.asked], ['found', 2]);

  keys.set = null;
  now += 601_000;
  assert.deepEqual([await find(known.kid), await find(known.kid), keys.asked], ['found', 'found', 3]);
  assert.equal(logged.mock.callCount(), 1);
  keys.set = [other];
  now += 601_000;
  assert.deepEqual([await find(known.kid), await find(other.kid), keys.asked], ['unknown key', 'found', 4]);
});

test('keys.py asks seldom, whatever keys are made up, and keeps what it has', async () => {
  const code = `import base64, io, json, sys
batch = json.load(sys.stdin)
sys.path.insert(0, batch["folder"])
import keys
known, other = json.loads(batch["jwks"])["keys"]
now, asked, served = 1000.0, 0, [known]
def urlopen(url, timeout):
    global asked
    asked += 1
    if not served:
        raise OSError("away")
    return io.BytesIO(json.dumps({"keys": served}).encode())
keys.urlopen, keys.time.monotonic = urlopen, lambda: now
def find(kid):
    header = base64.urlsafe_b64encode(json.dumps({"kid": kid}).encode()).decode().rstrip("=")
    try:
        return kid in [key["kid"] for key in keys.find_keys(header + "..")["keys"]]
    except OSError as error:
        return str(error)
report = [find(known["kid"]), *[find(f"made-up-{n}") for n in range(20)], asked]
served = [known, other]
report += [find(known["kid"]), find(other["kid"]), asked]
now += 31
report += [find(other["kid"]), asked]
served = None
now += 301
report += [find(known["kid"]), find(known["kid"]), find("made-up"), asked]
now += 31
report += [find("made-up"), find(known["kid"]), asked]
served = [other]
now += 301
report += [find(known["kid"]), find(other["kid"]), asked]
json.dump(report, sys.stdout)`;
  assert.deepEqual(await world.ask(PYTHON, ['-c', code], { jwks: world.jwks }), [
    true, ...Array(20).fill(false), 1,
    true, false, 1,
    true, 2,
    true, true, false, 3,
    'away', true, 4,
    false, true, 5,
  ]);
});

test('fastify-jwt-jwks accepts a withdrawn key for ten minutes', async (t) => {
  const keys = await startKeys();
  t.after(() => keys.close());
  const { app } = await withKeys('fastify-jwt-jwks.mjs', keys);
  t.after(() => app.close());
  const headers = { authorization: `Bearer ${tokens['of another key of the set']}` };
  const send = async () => (await app.inject({ url: '/', headers })).statusCode;
  assert.equal(await send(), 200);
  keys.set = keys.set.filter(({ kid }) => kid !== 'test');
  const start = Date.now();
  t.mock.method(Date, 'now', () => start + 590_000);
  assert.equal(await send(), 200);
  t.mock.method(Date, 'now', () => start + 610_000);
  assert.equal(await send(), 401);
});

test('introspect.mjs tells of opaque tokens, and of a signed one until it is revoked', async () => {
  const page = world.create('publishable', '--scope', 'floor:readPublic', '--origin', 'shop.example');
  const code = `import { introspect } from ${JSON.stringify(join(world.folder, 'introspect.mjs'))};
import { readFileSync } from 'node:fs';
const answers = await Promise.all(JSON.parse(readFileSync(0)).tokens.map(introspect));
process.stdout.write(JSON.stringify(answers));`;
  const temporary = await world.mint();
  const ask = () => {
    const texts = { tokens: [page.token, temporary, tokens.changed] };
    return world.ask('node', ['--input-type=module', '-e', code], texts, { DAYPASS_TOKEN: world.secret.token });
  };
  const [opaque, signed, changed] = await ask();
  assert.deepEqual([opaque.kind, opaque.origins, changed], ['publishable', ['shop.example'], null]);
  assert.deepEqual([opaque.grants[0].scopes, signed.grants[0].scopes], [['floor:readPublic'], ['floor:readPublic']]);
  assert.equal(signed.subject, 'visitor-7');
  const revoked = await fetch(`${world.service}/revoke`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${world.secret.token}` },
    body: new URLSearchParams({ token: temporary }),
  });
  assert.ok(revoked.ok, `status ${revoked.status}`);
  assert.equal((await ask())[1], null);
});

test('the guide names the versions that are tested', () => {
  const text = read(GUIDE);
  const pairs = (matches) => [...matches].map(([, name, version]) => [name, version]);
  const printed = pairs(text.matchAll(/^\| (\S+) \| ([\d.]+) \| (?:Node|Python|Rust) \|$/gm));
  const node = JSON.parse(readFileSync(`${HERE}/package.json`, 'utf8')).dependencies;
  const lines = (file, pattern) => pairs(readFileSync(`${HERE}/${file}`, 'utf8').matchAll(pattern));
  const python = lines('requirements.txt', /^(\S+)==(\S+)$/gm);
  const rust = lines('rust/Cargo.toml', /^([\w-]+) = .*"=([\d.]+)"/gm);
  const tested = new Map([...Object.entries(node), ...python, ...rust]);
  assert.equal(printed.length, 15);
  assert.deepEqual(printed, printed.map(([name]) => [name, tested.get(name)]));
});
