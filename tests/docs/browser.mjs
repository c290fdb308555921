// What a reader does in a browser: opens pages, and runs modules in them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { launchBrowser } from '../engine.mjs';

/** The longest that a page may take until it shows what is expected, in milliseconds. */
const TIMEOUT = 20_000;

/** React and its types come from the tests of the package. */
const REACT = resolve('tests/package/node_modules');

/** How the modules of a page are checked. */
const COMPILER = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'esnext.disposable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  jsx: 'react-jsx',
  types: [],
  paths: { 'react': [join(REACT, '@types/react')], 'react/*': [join(REACT, '@types/react/*')] },
};

export class Browser {
  #site;
  #folder;
  #env;
  #started;
  #open = new Map();
  #count = 0;
  #watched;

  /** `site` is the origin of the pages that run modules, `folder` what it serves, `env` the browser's environment. */
  constructor({ site, folder, env }) {
    this.#site = site;
    this.#folder = folder;
    this.#env = env;
  }

  async close() {
    await (await this.#started)?.close();
  }

  async #newPage() {
    this.#started ??= launchBrowser({ env: this.#env });
    const context = await (await this.#started).newContext();
    return context.newPage();
  }

  /** Waits until the page at this URL shows a text. A page that is open stays as it is. */
  async shows(url, expected) {
    if (!this.#open.has(url)) {
      const page = await this.#newPage();
      this.#open.set(url, page);
      await page.goto(url);
    }
    const page = this.#open.get(url);
    const text = async () => (await Promise.all(page.frames().map((frame) => frame.innerText('body')))).join('\n');
    const end = Date.now() + TIMEOUT;
    while (!expected.test(await text())) {
      assert.ok(Date.now() < end, `${url} does not show ${expected}\nbut\n${await text()}`);
      await page.waitForTimeout(50);
    }
  }

  /**
   * Type-checks a module, bundles it as an application would, and runs it in a page of the site; with the
   * label `embed`, makes it the page `viewer.html` instead. A label `at #FRAGMENT` says what the page's URL
   * ends in.
   *
   * The module must end without an error, nothing that it asks for may be refused, and a component must show
   * something. What the page logs, and then what the component shows, is the result.
   */
  async run(language, label, code) {
    const folder = this.#folder;
    const name = `example-${(this.#count += 1)}`;
    const file = join(folder, `${name}.${language}`);
    writeFileSync(file, code);
    if (language !== 'js') await check(folder, file);
    const isComponent = language === 'tsx';
    const entry = isComponent
      ? `import { createElement } from 'react';
         import { createRoot } from 'react-dom/client';
         import * as components from './${name}';
         const main = document.body.appendChild(document.createElement('main'));
         createRoot(main).render(createElement(Object.values(components)[0]));`
      : `import('./${name}').then(
           () => (globalThis.exampleEnded = true),
           ({ name, code, message, help }) => (globalThis.exampleFailed = { name, code, message, help }),
         );`;
    const bundled = await build({
      stdin: { contents: entry, resolveDir: folder },
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      jsx: 'automatic',
      nodePaths: [REACT],
      logLevel: 'silent',
    });
    const { text } = bundled.outputFiles[0];
    if (label === 'embed') {
      writeFileSync(join(folder, 'viewer.js'), text);
      writeFileSync(join(folder, 'viewer.html'), '<!doctype html><script type="module" src="viewer.js"></script>');
      return [];
    }
    writeFileSync(join(folder, 'example.html'), '<!doctype html><title>Example</title>');
    return this.#watch(`example.html${label.replace(/^at /, '')}`, async (page, console) => {
      await page.addScriptTag({ type: 'module', content: text });
      if (isComponent) {
        const text = await page.waitForFunction(() => document.querySelector('main')?.innerText, { timeout: TIMEOUT });
        return console.push(await text.jsonValue());
      }
      await page.waitForFunction(() => globalThis.exampleEnded ?? globalThis.exampleFailed, { timeout: TIMEOUT });
      const failed = await page.evaluate(() => globalThis.exampleFailed);
      return assert.equal(failed, undefined, JSON.stringify(failed));
    });
  }

  /** Opens a page of the site and does something in it. What it logs is the result; `settle` checks the rest. */
  async #watch(path, act) {
    const page = await this.#newPage();
    const console = [];
    const complaints = [];
    const pending = new Set();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      console.push(message.text());
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('request', (request) => pending.add(request));
    page.on('requestfailed', (request) => pending.delete(request));
    page.on('response', (response) => {
      pending.delete(response.request());
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    this.#watched = { page, complaints, pending };
    await page.goto(new URL(path, this.#site).href);
    await act(page, console).catch((error) => {
      complaints.unshift(error.message);
      console.push(error.message);
    });
    return console;
  }

  /** Closes the page that ran a module, once all that it asked for is answered. Fails if it complained. */
  async settle() {
    const { page, complaints, pending } = this.#watched ?? {};
    this.#watched = undefined;
    if (!page) return;
    for (const end = Date.now() + TIMEOUT; pending.size > 0 && Date.now() < end; ) await page.waitForTimeout(50);
    const unanswered = [...pending].map((request) => `no response from ${request.url()}`);
    await page.context().close();
    assert.deepEqual([...complaints, ...unanswered], []);
  }
}

async function check(folder, file) {
  const config = join(folder, 'tsconfig.example.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: COMPILER, files: [file] }));
  try {
    await promisify(execFile)('node_modules/.bin/tsc', ['-p', config]);
  } catch (error) {
    throw new Error(`${error.stdout}${error.stderr}`);
  }
}
