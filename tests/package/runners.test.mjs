// The runners that pages are tested with, each with a page that uses the SDK: with the mock, and with the SDK itself.
import { join } from 'node:path';
import { test } from 'node:test';
import { run, site, tool } from './world.mjs';

const jest = (config) => run(tool('jest'), ['--ci', '--config', config], { cwd: join(site, 'jest') });
const vitest = (config) => run(tool('vitest'), ['run', '--config', config], { cwd: join(site, 'vitest') });

/** The SDK's code needs what these environments lack: its loader must neither decode at import nor make a `Response`. */
const skip = 'until the core is in Rust';

test('Jest with jsdom, and the mock', () => jest('mocked.config.js'));

test('Jest with jsdom, and the SDK itself', { skip }, () => jest('sdk.config.js'));

test('Vitest with happy-dom, and the mock', () => vitest('mocked.config.js'));

test('Vitest with happy-dom, and the SDK itself', { skip }, () => vitest('sdk.config.js'));
