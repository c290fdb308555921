// The examples in JavaScript, as a user starts them: with the packed package, a real token service, and Chromium.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { blocks } from '../docs/blocks.mjs';
import { launchBrowser } from '../engine.mjs';
import { site } from '../package/world.mjs';

const program = join(process.env.DAYPASS_TARGET, 'debug/daypass');
const FOLDER = 'examples';
const NAMES = JSON.parse(readFileSync(`${FOLDER}/package.json`, 'utf8')).workspaces;
const timeout = 300_000;

/** The longest that a page may take on a busy machine, in milliseconds. */
const PATIENCE = 120_000;

/** The folders of tests that have the pinned libraries. */
const LIBRARIES = { 'maplibre-gl': 'tests/loaders', 'jose': 'tests/other-languages' };

// In the folder where npm installed the packed package, below the libraries of its tests.
const copy = join(site, FOLDER);
cpSync('examples/start.mjs', join(copy, 'start.mjs'));
for (const name of NAMES) {
  const isOurs = (file) => !file.includes('node_modules');
  cpSync(join(FOLDER, name), join(copy, name), { recursive: true, filter: isOurs });
}
for (const [name, folder] of Object.entries(LIBRARIES)) {
  const link = join(site, 'node_modules', name);
  if (!existsSync(link)) symlinkSync(join(process.cwd(), folder, 'node_modules', name), link);
}

let browser;
after(async () => (await browser)?.close());

/** Starts an example by its command, and returns what it prints, by the first word of each line. */
async function start(t, name) {
  const env = { ...process.env, DAYPASS_PROGRAM: program };
  const stdio = ['ignore', 'pipe', 'pipe'];
  const example = spawn('node', ['../start.mjs', name], { cwd: join(copy, name), env, stdio });
  let complaint = '';
  example.stderr.on('data', (chunk) => (complaint += chunk));
  t.after(async () => {
    example.kill('SIGTERM');
    if (example.exitCode === null) await once(example, 'exit');
  });
  const printed = {};
  for await (const line of createInterface({ input: example.stdout })) {
    const [, word, rest] = /^(\w+) +(.*)$/.exec(line) ?? [];
    if (word) printed[word] = rest;
    if (printed.ready || printed.try) return printed;
  }
  throw new Error(`it ended by itself:\n${complaint}`);
}

/** Runs the command that the example prints for its revocation. */
async function revoke({ revoke }) {
  const [, ...args] = revoke.split(' ');
  await promisify(execFile)(program, args);
}

/** Opens the page of an example, and checks at its end that no script failed. */
async function open(t, url) {
  browser ??= launchBrowser({ more: ['--enable-unsafe-swiftshader'] });
  const context = await (await browser).newContext();
  context.setDefaultTimeout(PATIENCE);
  t.after(() => context.close());
  const page = await context.newPage();
  const errors = [];
  context.on('weberror', (error) => errors.push(String(error.error())));
  await page.goto(url);
  return { page, errors };
}

/** Presses a button until the page says that it was refused. */
async function isRefused(page, button) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(300)) {
    await page.getByRole('button', { name: button }).click();
    if (/^Refused: /.test(await page.getByRole('status').textContent({ timeout: 1000 }).catch(() => ''))) return;
  }
  assert.fail(`the page still shows what it may not: ${await page.locator('body').innerText()}`);
}

/** Sends a path as it is, and returns the status. */
async function sendPath(url, path) {
  const { hostname, port } = new URL(url);
  const [response] = await once(get({ hostname, port, path }), 'response');
  response.resume();
  return response.statusCode;
}

test('node-api answers a token until it is revoked, and refuses others', { timeout }, async (t) => {
  const printed = await start(t, 'node-api');
  const [, authorization, url] = /'Authorization: (.*)' (\S+)$/.exec(printed.try);
  const ask = async (headers, query = '') => (await fetch(url + query, { headers })).status;
  assert.equal(await ask({ authorization }), 200);
  const forged = `${authorization.slice(0, -2)}${authorization.endsWith('AA') ? 'BB' : 'AA'}`;
  const statuses = [await ask({}), await ask({ authorization: forged }), await ask({}, '?pubtoken=dp_pub_nothing')];
  assert.deepEqual(statuses, [401, 401, 401]);
  // Two tokens, a token that no address may have, and an invalid path.
  const token = authorization.replace('Bearer ', '');
  assert.equal(await ask({ authorization }, `?pubtoken=${token}`), 400);
  assert.equal(await ask({}, `?pubtoken=${token}`), 403);
  assert.equal(await sendPath(url, '//'), 400);
  await revoke(printed);
  const end = Date.now() + PATIENCE;
  while ((await ask({ authorization })) === 200) {
    assert.ok(Date.now() < end, 'a revoked token is still accepted');
    await sleep(100);
  }
  assert.equal(await ask({ authorization }), 401);
});

test('vite-react shows a floor, and a refusal after the revocation', { timeout }, async (t) => {
  const printed = await start(t, 'vite-react');
  const { page, errors } = await open(t, printed.ready);
  await page.getByRole('heading', { name: 'First floor' }).waitFor();
  assert.deepEqual(await page.getByRole('listitem').allTextContents(), ['Studio', 'Kitchen', 'Archive']);
  await revoke(printed);
  await isRefused(page, 'Read again');
  assert.equal(await page.getByRole('heading').count(), 0, 'nothing private is left');
  assert.deepEqual(errors, []);
});

test('maplibre draws private tiles, and none after the revocation', { timeout }, async (t) => {
  const printed = await start(t, 'maplibre');
  const { page, errors } = await open(t, printed.ready);
  await page.getByText('The map shows all tiles.').waitFor();
  await revoke(printed);
  await isRefused(page, 'Draw again');
  assert.deepEqual(errors, []);
});

test('three draws a private model, and none after the revocation', { timeout }, async (t) => {
  const printed = await start(t, 'three');
  const { page, errors } = await open(t, printed.ready);
  await page.getByText('The model is shown.').waitFor();
  await revoke(printed);
  await isRefused(page, 'Load again');
  assert.deepEqual(errors, []);
});

test('each example has the versions that are tested, and the modules of the guides', () => {
  const versions = (folder) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).dependencies;
  const tested = Object.assign({}, ...['tests/package', 'tests/loaders', 'tests/other-languages'].map(versions));
  const { version } = JSON.parse(readFileSync('pkg/package.json', 'utf8'));
  const packed = `file:../../target/package/daypass-${version}.tgz`;
  for (const name of NAMES) {
    for (const [library, wanted] of Object.entries(versions(join(FOLDER, name)))) {
      assert.equal(wanted, library === 'daypass' ? packed : tested[library], `${library} of ${name}`);
    }
    assert.ok(readdirSync(join(FOLDER, name)).includes('README.md'), `${name} has a README`);
  }
  const quoted = {
    'docs/guides/other-languages.md': { 'node-api': ['grants.mjs', 'introspect.mjs', 'jose.mjs'] },
    'docs/guides/loaders.md': { three: ['three.js'] },
  };
  for (const [guide, examples] of Object.entries(quoted)) {
    for (const [name, files] of Object.entries(examples)) {
      for (const file of files) {
        const block = blocks(guide).find(({ label }) => label === file);
        assert.equal(readFileSync(join(FOLDER, name, file), 'utf8'), block.code, `${name}/${file} is that of ${guide}`);
      }
    }
  }
});
