// Node: each entry that is for it, what importing does, and a server that renders.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { effectsOf } from './effects.mjs';
import { api, installed, run, site, tool } from './world.mjs';

const ENTRIES = ['daypass', 'daypass/inline', 'daypass/node', 'daypass/nowasm', 'daypass/react', 'daypass/types', 'daypass/host'];

for (const entry of ['daypass', 'daypass/inline', 'daypass/node', 'daypass/nowasm']) {
  test(`${entry} connects and fetches in Node, and the process ends`, async () => {
    assert.equal(await run('node', ['node.js', entry, api]), 'the first floor\n');
  });
}

test('works in a server that is bundled into one file', async () => {
  await run(tool('esbuild', '.'), ['bundled.js', '--bundle', '--platform=node', '--format=esm', '--outfile=out/node/server.mjs', '--log-level=warning']);
  assert.equal(await run('node', ['out/node/server.mjs', api]), 'the first floor\n');
});

for (const entry of ENTRIES) {
  test(`importing ${entry} does nothing`, async () => {
    const code = `console.log(JSON.stringify(await (${effectsOf})(() => import('${entry}'))))`;
    assert.deepEqual(JSON.parse(await run('node', ['--input-type=module', '--eval', code])), []);
  });
}

for (const name of ['index', 'nowasm', 'react', 'types', 'global', 'host']) {
  test(`${name}.js awaits nothing at its top`, async () => {
    // A module of this older form cannot.
    await transform(await readFile(join(installed, 'dist', `${name}.js`)), { format: 'cjs', logLevel: 'silent' });
  });
}

test('a server renders the React entry without touching the network', async () => {
  assert.equal(await run('node', [join(site, 'server.js')]), '<p>connecting</p>\n');
});
