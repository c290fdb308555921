// The runners that pages are tested with, each with a page that uses the SDK: with the mock, and with the SDK itself.
import { join } from 'node:path';
import { test } from 'node:test';
import { run, site, tool } from './world.mjs';

const jest = (config) => run(tool('jest'), ['--ci', '--config', config], { cwd: join(site, 'jest') });
const vitest = (config) => run(tool('vitest'), ['run', '--config', config], { cwd: join(site, 'vitest') });

test('Jest with jsdom, and the mock', () => jest('mocked.config.js'));

// jsdom has no `Response` and no `TextDecoder`.
test('Jest with jsdom, and the SDK itself, which names the mock', () => jest('sdk.config.js'));

test('Vitest with happy-dom, and the mock', () => vitest('mocked.config.js'));

test('Vitest with happy-dom, and the SDK itself', () => vitest('sdk.config.js'));
