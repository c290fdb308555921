// The modules of docs/guides/other-languages.md, as printed, with tokens of a real service and others that differ from
// one in a single respect.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  [{ origins: ['deploy-*.shop.example'] }, 'https://deploy-1.shop.example', false],
];

test('grants.mjs decides as the crate', async () => {
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
