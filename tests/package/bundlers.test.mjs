// One page, built with each bundler without configuration, and opened under a strict policy.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import webpack from 'webpack';
import { csp, rule, run, serve, showFloor, site, tool } from './world.mjs';

const html = (src) =>
  `<!doctype html><title>A page</title><p id="answer"></p><script type="module" src="${src}"></script>`;

/** Serves a bundler's output folder, with a page for it if the bundler made none, and opens it. */
const open = async (page, folder, policy = csp.wasm) =>
  showFloor(
    page,
    `${await serve(join(site, folder), policy, folder === 'out/vite' ? {} : { '/index.html': html('/page.js') })}/`,
  );

rule('esbuild', async (page) => {
  await run(tool('esbuild', '.'), [
    'page.js',
    '--bundle',
    '--format=esm',
    '--outdir=out/esbuild',
    '--log-level=warning',
  ]);
  await open(page, 'out/esbuild');
});

rule('esbuild, the entry without WebAssembly', async (page) => {
  await run(tool('esbuild', '.'), [
    'page.js',
    '--alias:daypass=daypass/nowasm',
    '--bundle',
    '--format=esm',
    '--outdir=out/nowasm',
    '--log-level=warning',
  ]);
  await open(page, 'out/nowasm', csp.nowasm);
});

rule('webpack', async (page) => {
  const options = {
    mode: 'production',
    context: site,
    entry: './page.js',
    output: { path: join(site, 'out/webpack'), filename: 'page.js' },
  };
  const stats = await new Promise((resolve, reject) =>
    webpack(options, (error, stats) => (error ? reject(error) : resolve(stats))),
  );
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
  await open(page, 'out/webpack');
});

rule('Rollup', async (page) => {
  await run(tool('rollup'), [
    '--input',
    'page.js',
    '--plugin',
    'node-resolve',
    '--dir',
    'out/rollup',
    '--failAfterWarnings',
    '--silent',
  ]);
  await open(page, 'out/rollup');
});

rule('Vite', async (page) => {
  await run(tool('vite'), ['build', '--outDir', 'out/vite', '--logLevel', 'warn']);
  await open(page, 'out/vite');
});

/** Runs Parcel, whose cache is else in the folder of the nearest lock file. */
const parcel = (file, folder) =>
  run(tool('parcel'), ['build', file, '--dist-dir', folder, '--cache-dir', 'out/parcel-cache', '--log-level', 'warn']);

rule('Parcel, which does not read `exports`', async (page) => {
  await parcel('index.html', 'out/parcel');
  await showFloor(page, `${await serve(join(site, 'out/parcel'), csp.wasm)}/`);
});

test('Parcel finds every entry', async () => {
  const imports = ['host', 'inline', 'node', 'nowasm', 'react', 'testing'].map(
    (name) => `import * as ${name} from 'daypass/${name}';`,
  );
  const used = 'globalThis.entries = [host, inline, node, nowasm, react, testing];';
  await writeFile(join(site, 'entries.js'), [...imports, used].join('\n'));
  await parcel('entries.js', 'out/entries');
});

rule("Vite's development server", async (page) => {
  const server = spawn(tool('vite'), ['--host', '127.0.0.1', '--port', '0', '--logLevel', 'info'], {
    cwd: site,
    env: { ...process.env, NO_COLOR: '1' },
  });
  try {
    const lines = createInterface(server.stdout);
    for await (const line of lines) {
      const [url] = /http:\S+/.exec(line) ?? [];
      if (url) return await showFloor(page, url);
    }
    throw new Error('the server exited before it printed its URL');
  } finally {
    server.kill();
  }
});

rule('Next.js, a provider of the React entry, prerendered', async (page) => {
  const folder = join(site, 'next');
  await run(tool('next'), ['build'], { cwd: folder, env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
  await showFloor(page, `${await serve(join(folder, 'out'))}/`);
});
