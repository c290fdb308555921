// Node: each entry that is for it, what importing does, and a server that renders.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { effectsOf } from './effects.mjs';
import { api, installed, run, site, tool } from './world.mjs';

const ENTRIES = [
  'daypass',
  'daypass/inline',
  'daypass/node',
  'daypass/nowasm',
  'daypass/react',
  'daypass/types',
  'daypass/host',
];

for (const entry of ['daypass', 'daypass/inline', 'daypass/node', 'daypass/nowasm']) {
  test(`${entry} connects and fetches in Node, and the process ends`, async () => {
    assert.equal(await run('node', ['node.js', entry, api]), 'the first floor\n');
  });
}

const calling = (code) =>
  run('node', [
    '--input-type=module',
    '--eval',
    `import { connect } from 'daypass';
    process.on('warning', ({ name }) => console.log(name));
    let calls = 0;
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    const provider = async () => ({ authorization: (calls += 1) === 1 ? 'Bearer bad' : 'Bearer good', expiresAt });
    const daypass = await connect({ api: '${api}', provider });
    ${code}
    daypass.close();`,
  ]);

test('a body that is made as it is sent is not sent again empty', async () => {
  const code = `async function* body() { yield new TextEncoder().encode('once'); }
    const post = (body) => daypass.fetch('/floor', { method: 'POST', body, duplex: 'half' }).then(({ status }) => status, ({ code }) => code);
    console.log(await post(body()), await post('text'));`;
  assert.equal(await calling(code), 'body_not_replayable 200\n');
});

test('a refused answer that ends by itself while a token is fetched harms nobody', async () => {
  const code = `
    process.on('unhandledRejection', ({ name }) => console.log('unhandled', name));
    const real = globalThis.fetch;
    globalThis.fetch = async (...all) => {
      const response = await real(...all);
      return response.status === 401 ? new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError('terminated')) }), { status: 401 }) : response;
    };
    console.log((await daypass.fetch('/floor')).status);
    await new Promise((resolve) => setTimeout(resolve, 50));`;
  assert.equal(await calling(code), '200\n');
});

test('many calls at once are no leak', async () => {
  assert.equal(
    await calling(
      `console.log(new Set(await Promise.all(Array.from({ length: 50 }, () => daypass.authorization()))).size);`,
    ),
    '1\n',
  );
});

test('works in a server that is bundled into one file', async () => {
  await run(tool('esbuild', '.'), [
    'bundled.js',
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--outfile=out/node/server.mjs',
    '--log-level=warning',
  ]);
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
