// The alerts of docs/guides/production.md name figures that the service has.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { blocks } from '../docs/blocks.mjs';
import { daypass, folder, freePort, isOpen, unprivileged, until } from './world.mjs';

const GUIDE = 'docs/guides/production.md';

test('the alerts of the guide name figures of the service', { timeout: 120_000 }, async (t) => {
  const place = folder();
  const [port, metrics] = [await freePort(), await freePort()];
  const args = ['serve', '--listen', `127.0.0.1:${port}`, '--metrics-listen', `127.0.0.1:${metrics}`];
  const service = spawn(daypass, args, { cwd: place, stdio: 'ignore', ...unprivileged });
  t.after(async () => {
    service.kill('SIGTERM');
    if (service.exitCode === null) await once(service, 'exit');
  });
  await until(async () => (await isOpen(port)) && isOpen(metrics), () => 'the service does not listen');
  // Requests are counted from the first one.
  await fetch(`http://127.0.0.1:${port}/health`);
  const figures = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  const { code } = blocks(GUIDE).find(({ label }) => label === 'rules.yml');
  const named = [...code.matchAll(/\bdaypass_\w+/g)].map(([name]) => name);
  assert.ok(named.length >= 4);
  assert.deepEqual(named.filter((name) => !figures.includes(`# TYPE ${name.replace(/_total$/, '')} `)), []);
});
