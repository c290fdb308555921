// `cargo xtask release`, with the unoptimized binary: what the files have, and that two runs have the same sums.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, target } from './world.mjs';

const run = (program, args, options) => execFileSync(program, args, { encoding: 'utf8', ...options });
const release = (out) => run(join(target, 'debug/xtask'), ['release', '--debug', '--out', out], { stdio: 'pipe' });

test('a release has what it names, and is the same each time', { timeout: 1_800_000 }, () => {
  const [first, second] = [folder(), folder()];
  release(first);
  run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: first });
  const sums = readFileSync(join(first, 'SHA256SUMS'), 'utf8');
  const names = readdirSync(first).filter((name) => name !== 'SHA256SUMS').sort();
  assert.deepEqual([...sums.matchAll(/ {2}(\S+)$/gm)].map(([, name]) => name).sort(), names);
  const { version } = JSON.parse(readFileSync('pkg/package.json', 'utf8'));
  const [, machine] = /^host: (\S+)$/m.exec(run('rustc', ['-vV']));
  const name = `daypass-${version}-${machine}`;
  assert.deepEqual(names, [`${name}.cdx.json`, `${name}.tar.gz`, `daypass-${version}.tgz`].sort());

  run('tar', ['--extract', '--file', join(first, `${name}.tar.gz`), '--directory', first]);
  const unpacked = join(first, name);
  assert.match(run(join(unpacked, 'daypass'), ['--version']), new RegExp(`^daypass ${version}`));
  const expected = ['LICENSE-APACHE', 'LICENSE-MIT', 'CHANGELOG.md', 'deploy/daypass.service', 'deploy/nginx.conf'];
  const manual = ['man/man1/daypass.1', 'man/man1/daypass-serve.1'];
  const completions = ['daypass.bash', '_daypass', 'daypass.fish'].map((file) => `completions/${file}`);
  assert.deepEqual([...expected, ...manual, ...completions].filter((file) => !existsSync(join(unpacked, file))), []);
  run('bash', ['-n', join(unpacked, 'completions/daypass.bash')]);

  const bill = JSON.parse(readFileSync(join(first, `${name}.cdx.json`), 'utf8'));
  assert.equal(bill.bomFormat, 'CycloneDX');
  const listed = new Set(bill.components.map(({ name, version }) => `${name} ${version}`));
  const tree = ['tree', '-p', 'daypass-service', '-e', 'normal', '--prefix', 'none', '--target', machine];
  const lines = run('cargo', [...tree, '--format', '{p}']).trim().split('\n');
  const crates = lines.map((line) => /^(\S+) v(\S+)/.exec(line).slice(1).join(' '));
  const others = crates.filter((crate) => crate !== `daypass-service ${version}`);
  assert.ok(others.length > 100);
  assert.deepEqual([...new Set(others)].filter((crate) => !listed.has(crate)), []);
  assert.ok(!JSON.stringify(bill).includes(process.cwd()), 'it does not name the folder of the build');
  assert.equal(run('git', ['ls-files', '--others', '--exclude-standard', '*.cdx.json']), '', 'nothing is left');

  release(second);
  assert.equal(readFileSync(join(second, 'SHA256SUMS'), 'utf8'), sums);
});
