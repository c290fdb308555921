// Node: the entries that support it, the side effects of an import, and a server that renders.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { effectsOf } from './effects.mjs';
import { floor } from './site/floor.js';
import { api, installed, run, site, tool } from './world.mjs';

const ENTRIES = [
  'daypass',
  'daypass/inline',
  'daypass/node',
  'daypass/nowasm',
  'daypass/react',
  'daypass/types',
  'daypass/host',
  'daypass/inspector',
  'daypass/testing',
];

for (const entry of ['daypass', 'daypass/inline', 'daypass/node', 'daypass/nowasm']) {
  test(`${entry} connects and fetches in Node, and the process ends`, async () => {
    assert.equal(await run('node', ['node.js', entry, api]), 'the first floor\n');
  });
}

const runWithProvider = (code) =>
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

test('a generated body is not replayed as an empty one', async () => {
  const code = `async function* body() { yield new TextEncoder().encode('once'); }
    const init = { method: 'POST', duplex: 'half' };
    const post = (body) => daypass.fetch('/floor', { ...init, body }).then(({ status }) => status, ({ code }) => code);
    console.log(await post(body()), await post('text'));`;
  assert.equal(await runWithProvider(code), 'body_not_replayable 200\n');
});

test('a 401 whose body fails while a token is fetched causes no unhandled rejection', async () => {
  const code = `
    process.on('unhandledRejection', ({ name }) => console.log('unhandled', name));
    const real = globalThis.fetch;
    globalThis.fetch = async (...all) => {
      const response = await real(...all);
      if (response.status !== 401) return response;
      const body = new ReadableStream({ start: (stream) => stream.error(new TypeError('terminated')) });
      return new Response(body, { status: 401 });
    };
    console.log((await daypass.fetch('/floor')).status);
    await new Promise((resolve) => setTimeout(resolve, 50));`;
  assert.equal(await runWithProvider(code), '200\n');
});

test('many concurrent calls cause no warning about a leak', async () => {
  assert.equal(
    await runWithProvider(
      `console.log(new Set(await Promise.all(Array.from({ length: 50 }, () => daypass.authorization()))).size);`,
    ),
    '1\n',
  );
});

test('it works in a server that is bundled into one file', async () => {
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
  test(`importing ${entry} has no side effects`, async () => {
    const code = `console.log(JSON.stringify(await (${effectsOf})(() => import('${entry}'))))`;
    assert.deepEqual(JSON.parse(await run('node', ['--input-type=module', '--eval', code])), []);
  });
}

for (const entry of ENTRIES) {
  test(`requiring ${entry} gives what importing it gives, without side effects`, async () => {
    const names = `({ default: _, ...all }) => JSON.stringify(Object.keys(all).filter((name) => name !== 'module.exports'))`;
    const load = (code) => run('node', ['--input-type=commonjs', '--eval', code]);
    const required = await load(`console.log((${names})(require('${entry}')))`);
    assert.equal(required, await load(`import('${entry}').then((all) => console.log((${names})(all)))`));
    const code = `(${effectsOf})(async () => require('${entry}')).then((all) => console.log(JSON.stringify(all)))`;
    assert.deepEqual(JSON.parse(await load(code)), []);
  });
}

test('a CommonJS program connects and fetches', async () => {
  const code = `(${floor})(require('daypass').connect, '${api}').then(console.log)`;
  assert.equal(await run('node', ['--input-type=commonjs', '--eval', code]), 'the first floor\n');
});

for (const name of ['index', 'nowasm', 'react', 'types', 'global', 'host', 'inspector', 'testing']) {
  test(`${name}.js has no top-level await`, async () => {
    // CommonJS does not support it.
    await transform(await readFile(join(installed, 'dist', `${name}.js`)), { format: 'cjs', logLevel: 'silent' });
  });
}

test('a server renders the React entry without a request', async () => {
  assert.equal(await run('node', [join(site, 'server.js')]), '<p>connecting</p>\n');
});
