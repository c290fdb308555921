// The files of the tarball, and the results of package checkers.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed, run, tarball, tool } from './world.mjs';

const FILES = [
  'LICENSE-APACHE',
  'LICENSE-MIT',
  'README.md',
  'dist/daypass_bg.wasm',
  'dist/global.js',
  'dist/host.js',
  'dist/index.js',
  'dist/nowasm.js',
  'dist/react.js',
  'dist/types.js',
  'package.json',
  'types/global.d.ts',
  'types/host.d.ts',
  'types/index.d.ts',
  'types/react.d.ts',
  'types/types.d.ts',
];

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

test('publint reports nothing', () => run(tool('publint'), ['--strict', tarball]));

test('attw reports nothing', () =>
  run(tool('attw'), [tarball, '--profile', 'esm-only', '--exclude-entrypoints', 'daypass_bg.wasm']));
