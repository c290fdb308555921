// service/deploy/Containerfile: built and run where a container tool is installed, and step by step everywhere: what it
// copies exists, and the binary runs as the image says, unprivileged in a root that is read-only.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { daypass, folder, freePort, isOpen, isRoot, read, until } from './world.mjs';

const FILE = 'Containerfile';
/** The image's build compiles everything, optimized. */
const BUILD = 3_600_000;
const timeout = 300_000;

/** The instructions, in order: `{ name, flags, rest }`, and the number of their stage. */
const instructions = (() => {
  const lines = read(FILE).replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '').split('\n').filter(Boolean);
  let stage = -1;
  return lines.map((line) => {
    const [, name, flags, rest] = /^([A-Z]+) ((?:--\S+ )*)(.*)$/.exec(line) ?? [];
    assert.ok(name, `not an instruction: ${line}`);
    if (name === 'FROM') stage += 1;
    return { name, flags: flags.split(' ').filter(Boolean), rest, stage };
  });
})();
const last = instructions.filter(({ stage }) => stage === instructions.at(-1).stage);
/** What an instruction of the final stage says. */
const the = (name) => last.filter((one) => one.name === name).at(-1).rest;

test('each base image has a version, and each stage a name', () => {
  const stages = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest);
  for (const stage of stages) assert.match(stage, /^[a-z]+:[\d.]*-?bookworm(-slim)?( AS [a-z]+)?$/);
  const names = stages.map((stage) => stage.split(' AS ')[1]);
  const from = instructions.flatMap(({ flags }) => flags).filter((flag) => flag.startsWith('--from='));
  assert.deepEqual(from.filter((flag) => !names.includes(flag.slice('--from='.length))), []);
  const [, version] = /^rust-version = "(.*)"$/m.exec(readFileSync('Cargo.toml', 'utf8'));
  assert.ok(stages.some((stage) => stage.startsWith(`rust:${version}-`)), `the oldest Rust that works is ${version}`);
});

test('each file that is copied from the clone is tracked, and each command can be read', () => {
  for (const { name, flags, rest } of instructions) {
    if (name === 'COPY' && !flags.some((flag) => flag.startsWith('--from='))) {
      const sources = rest.split(' ').slice(0, -1);
      for (const source of sources) assert.ok(isTracked(source), `${source} is tracked`);
    }
    if (name === 'RUN') execFileSync('sh', ['-n', '-c', rest]);
  }
  const commands = instructions.filter(({ name }) => name === 'RUN').map(({ rest }) => rest);
  const build = commands.find((command) => command.startsWith('cargo build')) ?? '';
  const [, crate] = / -p (\S+)/.exec(build) ?? [];
  assert.match(readFileSync('service/Cargo.toml', 'utf8'), new RegExp(`^name = "${crate}"$`, 'm'));
});

const isTracked = (path) => execFileSync('git', ['ls-files', path]).length > 0;

test('the binary needs no library that a slim image lacks', () => {
  const lines = execFileSync('ldd', [daypass], { encoding: 'utf8' }).split('\n');
  const needed = lines.map((line) => line.trim().split(' ')[0]);
  const slim = /^(linux-vdso\.so\.1|libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|\/lib\S*\/ld-linux\S+|)$/;
  assert.deepEqual(needed.filter((library) => !slim.test(library)), []);
});

/** Makes the image's root of what the binary needs alone, read-only but for the volume, and starts a command in it. */
const ENTER = `set -e
root=$1 data=$2 user=$3; shift 3
mount -t tmpfs tmpfs "$root"
for folder in usr/local/bin bin lib lib64 etc/ssl proc dev "$VOLUME"; do mkdir -p "$root/$folder"; done
touch "$root/usr/local/bin/daypass" "$root/dev/null"
cp /usr/bin/env "$root/bin/env"
mount --bind "$BINARY" "$root/usr/local/bin/daypass"
mount -o remount,bind,ro "$root/usr/local/bin/daypass"
for folder in lib lib64 etc/ssl; do
  mount --bind "/$folder" "$root/$folder"
  mount -o remount,bind,ro "$root/$folder"
done
mount --bind /dev/null "$root/dev/null"
mount -t proc proc "$root/proc"
mount --bind "$data" "$root$VOLUME"
mount -o remount,ro "$root"
ip link set lo up
exec chroot --userspec="$user" --groups= "$root" "$@"`;

test('the binary runs as the image says, with a read-only root and no privileges', { timeout }, async (t) => {
  if (!isRoot) return t.skip('only root can make such a root');
  const [place, root] = [folder(), folder()];
  const [user, volume] = [the('USER'), the('VOLUME')];
  const data = join(place, 'data');
  const [uid, gid] = user.split(':');
  execFileSync('install', ['--directory', '--mode', '0700', '--owner', uid, '--group', gid, data]);
  const variables = Object.fromEntries(the('ENV').split(' ').map((pair) => pair.split('=')));
  const path = { PATH: '/usr/local/bin:/usr/bin:/bin' };
  const command = [...JSON.parse(the('ENTRYPOINT')), ...JSON.parse(the('CMD'))];
  const env = { ...path, ...variables, VOLUME: volume, BINARY: daypass, DAYPASS_ISSUER: 'https://tokens.example.com' };
  const args = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--propagation=private'];
  const shell = ['bash', '-c', ENTER, 'enter', root, data, user, ...command];
  const outer = { ...env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const container = spawn('unshare', [...args, ...shell], { env: outer, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let complaint = '';
  container.stdout.on('data', (chunk) => (printed += chunk));
  container.stderr.on('data', (chunk) => (complaint += chunk));
  t.after(() => container.kill('SIGKILL'));
  await until(() => container.exitCode !== null || printed.includes('Daypass listens'), () => complaint);
  assert.equal(container.exitCode, null, complaint);

  const inside = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').trim();
  const status = readFileSync(`/proc/${inside}/status`, 'utf8');
  assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t`, 'm'));
  assert.match(status, /^CapEff:\t0+$/m);
  const mounts = readFileSync(`/proc/${inside}/mountinfo`, 'utf8').trim().split('\n');
  const writable = mounts.map((line) => line.split(' ')).filter(([, , , , , mode]) => mode.startsWith('rw'));
  const expected = ['/dev/null', '/proc', volume];
  assert.deepEqual(writable.map(([, , , , place]) => place).sort(), expected);

  const [, check] = /CMD (\[.*\])$/.exec(the('HEALTHCHECK'));
  const enter = ['-t', inside, '-m', '-n', '-r', '-w', '-S', uid, '-G', gid];
  const healthy = spawnSync('nsenter', [...enter, ...JSON.parse(check)], { env, encoding: 'utf8' });
  assert.equal(healthy.status, 0, `${healthy.stdout}${healthy.stderr}`);
  process.kill(Number(inside), 'SIGTERM');
  await once(container, 'exit');
  assert.ok(existsSync(join(data, 'daypass.db')), 'the store is in the volume');
});

/** Runs a command of a container tool that answers soon or not at all. */
const ask = (tool, ...args) => spawnSync(tool, args, { encoding: 'utf8', timeout: 120_000 });

/** The container tool that works here, or why none does. */
function findTool() {
  const reasons = [];
  for (const tool of ['podman', 'docker']) {
    const { status, error, stderr } = ask(tool, 'info');
    if (status === 0) return { tool };
    reasons.push(error ? `${tool}: ${error.code}` : `${tool}: ${stderr.trim().split('\n').at(-1)}`);
  }
  return { none: reasons.join('; ') };
}

/** Why an image can neither be found here nor be fetched; nothing if it is here. */
function lacks(tool, image) {
  if (ask(tool, 'image', 'inspect', image).status === 0) return undefined;
  const { status, stderr } = ask(tool, 'pull', '--quiet', image);
  return status === 0 ? undefined : `${tool} cannot get ${image}: ${stderr}`;
}

test('the image is built and runs', { timeout: BUILD }, async (t) => {
  const { tool, none } = findTool();
  if (none) return t.skip(none);
  const images = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest.split(' AS ')[0]);
  const missing = images.map((image) => lacks(tool, image)).find(Boolean);
  if (missing) return t.skip(missing);
  const build = `git archive HEAD | ${tool} build --file service/deploy/${FILE} --tag daypass:test -`;
  execFileSync('bash', ['-o', 'pipefail', '-c', build], { stdio: 'inherit' });
  const port = await freePort();
  const run = ['run', '--detach', '--rm', '--read-only', '--publish', `127.0.0.1:${port}:8787`, 'daypass:test'];
  const id = execFileSync(tool, run, { encoding: 'utf8' }).trim();
  try {
    await until(() => isOpen(port), () => 'the container does not listen');
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => ({}))).status === 200;
    await until(ready, () => 'the container is not ready');
    const [, check] = /CMD (\[.*\])$/.exec(the('HEALTHCHECK'));
    execFileSync(tool, ['exec', id, ...JSON.parse(check)]);
  } finally {
    execFileSync(tool, ['stop', id]);
    execFileSync(tool, ['rmi', 'daypass:test']);
  }
  return undefined;
});
