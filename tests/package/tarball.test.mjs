// The files of the tarball, and the results of package checkers.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed, run, tarball, tool } from './world.mjs';

/** The entries, each for ES modules and for CommonJS. */
const ENTRIES = ['host', 'index', 'inspector', 'nowasm', 'react', 'testing', 'types'];
/** The entries' declarations, and what these import. */
const DECLARATIONS = [
  'codes',
  'connect-options',
  'core',
  'daypass',
  'description',
  'dispose',
  'error',
  'events',
  'global',
  'host',
  'host-options',
  'index',
  'initialise-options',
  'inspector',
  'inspector-options',
  'react',
  'scope',
  'testing',
  'testing-settings',
  'token',
  'types',
];
/** The folders of the entries, for bundlers that do not read `exports`. */
const FOLDERS = ['host', 'inline', 'inspector', 'node', 'nowasm', 'react', 'testing'];
const FILES = [
  'LICENSE-APACHE',
  'LICENSE-MIT',
  'README.md',
  'dist/daypass_bg.wasm',
  'dist/global.js',
  ...ENTRIES.flatMap((name) => [`dist/${name}.cjs`, `dist/${name}.js`]),
  'package.json',
  ...FOLDERS.map((name) => `${name}/package.json`),
  ...DECLARATIONS.flatMap((name) => [`types/${name}.d.cts`, `types/${name}.d.ts`]),
].sort();

test('the tarball contains exactly these files', async () => {
  const entries = await readdir(installed, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.path, entry.name).slice(installed.length + 1));
  assert.deepEqual(files.sort(), FILES);
});

test('no file contains the path of its build, or names a source map', async () => {
  for (const file of FILES) {
    const content = await readFile(join(installed, file), 'latin1');
    for (const place of [process.cwd(), homedir(), 'sourceMappingURL'])
      assert.ok(!content.includes(place), `${file} contains ${place}`);
  }
});

test('only its own entry has the code of the inspector', async () => {
  const ofInspector = [];
  for (const file of FILES.filter((file) => file.startsWith('dist/'))) {
    if ((await readFile(join(installed, file), 'latin1')).includes('daypass-inspector')) ofInspector.push(file);
  }
  assert.deepEqual(ofInspector, ['dist/inspector.cjs', 'dist/inspector.js']);
});

test('publint reports nothing', () => run(tool('publint'), ['--strict', tarball]));

test('attw reports nothing', async () => {
  await run(tool('attw'), [tarball, '--exclude-entrypoints', 'daypass_bg.wasm', 'global.js']);
  // A classic script, which nobody requires.
  await run(tool('attw'), [tarball, '--profile', 'esm-only', '--entrypoints', 'global.js']);
});
