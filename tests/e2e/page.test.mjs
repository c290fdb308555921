// The page as a whole: no secret, no policy violation, no layout shift, and it shows the code that runs.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engine } from '../engine.mjs';
import { colors, info, openEditor, redact, requests, rule, runInShell, secrets, site, untilFloor } from './demo.mjs';

const root = new URL('../../', import.meta.url);
const screenshots = fileURLToPath(new URL('target/screenshots/', root));
mkdirSync(screenshots, { recursive: true });

const SECTIONS = ['public', 'private', 'revocation', 'tabs', 'proof', 'editor', 'bridge', 'refusals'];

rule('no secret reaches the browser, and the console holds only the expected', {}, async (page) => {
  const seen = requests(page);
  const logged = [];
  const thrown = [];
  page.on('console', (message) => logged.push([message.type(), message.text()]));
  page.on('pageerror', (error) => thrown.push(['thrown', error.message]));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      violations.push(`${violatedDirective} ${blockedURI}`),
    );
  });

  await page.goto(site);
  await settled(page);
  await openEditor(page, 'signed');
  await page.frameLocator('[data-testid="editor-frame"]').getByTestId('parameters').waitFor();
  await page.getByTestId('revocation-revoke').click();
  await page.getByTestId('revocation-developer').locator('[data-field="code"]').waitFor();

  let bodies = 0;
  for (const request of seen) {
    const parts = [request.url(), request.postData() ?? '', ...Object.values(await request.allHeaders())];
    const response = await request.response();
    // A page that was left and a response that was blocked have no body to read.
    const body = await response?.text().catch(() => null);
    if (typeof body === 'string') bodies++;
    parts.push(body ?? '', ...Object.values((await response?.allHeaders()) ?? {}));
    const path = new URL(request.url()).pathname;
    for (const secret of secrets) {
      assert.equal(parts.some((part) => part.includes(secret)), false, `a secret in the exchange of ${path}`);
    }
  }
  assert.ok(bodies > 15, `bodies read: ${bodies}`);

  assert.deepEqual(await page.evaluate(() => window.violations), []);
  const EXPECTED = [
    /^Floorline: (origin_not_allowed|token_revoked|token_expired|insufficient_scope) /,
    // The browsers' own reports of the same refusals, which Playwright takes for errors of the page in Firefox.
    /^Failed to load resource: the server responded with a status of (401|403)/,
    /^Failed to load resource: net::ERR_FAILED/,
    /^Access to fetch at '.*\/v2\/floor\/ground\?.*' from origin '.*' has been blocked by CORS policy: No 'Access-/,
    /^The Same Origin Policy disallows reading the remote resource at \S*\/v2\/floor\/ground\?\S* \(Reason: CORS /,
  ];
  const others = [...logged, ...thrown].filter(([, text]) => !EXPECTED.some((pattern) => pattern.test(text)));
  assert.deepEqual(others.map(([type, text]) => `${type}: ${redact(text)}`), []);
});

rule('each section shows code, equal to the file that runs, and a command', {}, async (page) => {
  await page.goto(site);
  for (const id of SECTIONS) {
    const section = page.locator(`#${id}`);
    assert.ok((await section.locator('.code[data-source]').count()) > 0, `${id} shows code`);
    assert.ok((await section.locator('.command').count()) > 0, `${id} shows a command`);
    assert.ok((await section.locator('.links a').count()) > 0, `${id} links to the docs`);
  }
  const figures = await page.locator('.code[data-source]').all();
  for (const figure of figures) {
    const [file, name] = (await figure.getAttribute('data-source')).split('#');
    const lines = cut(await running(file), name);
    assert.ok(lines.length > 4 && lines.length <= 18, `${file}#${name} has ${lines.length} lines`);
    assert.equal(await figure.locator('pre').textContent(), lines.join('\n'), `${file}#${name}`);
  }
});

/** The file as its origin serves it to a browser; of a server's own files, the one on the disk. */
async function running(file) {
  const served = { 'www/host/': info.site, 'www/embed/': info.embed };
  const folder = Object.keys(served).find((prefix) => file.startsWith(prefix));
  if (!folder) return readFileSync(new URL(file, root), 'utf8');
  return (await fetch(new URL(file.slice(folder.length), served[folder]))).text();
}

/** The lines of a region, as an editor would fold them. */
function cut(text, name) {
  const [, body] = text.split(new RegExp(`^ *// #region ${name}\n`, 'm'));
  const lines = body.split(/^ *\/\/ #endregion/m)[0].trimEnd().split('\n');
  const indent = /^ */.exec(lines[0])[0].length;
  return lines.map((line) => line.slice(indent));
}

rule('each button copies what it belongs to', { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
  await page.goto(site);
  await settled(page);
  const buttons = page.locator('button.copy');
  assert.equal(await buttons.count(), await page.locator('figure.code').count());
  for (const button of await buttons.all()) {
    await button.click();
    await button.and(page.getByText('Copied')).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, await button.locator('xpath=ancestor::figure').locator('pre').textContent());
  }
});

/** What each section's commands print, in order; those of the section on revocation have a test of their own. */
const PRINTS = {
  public: [/^HTTP\/1.1 200 OK[^]*"id":"ground"/, /dp_pub_/],
  private: [/^HTTP\/1.1 200 OK[^]*"id":"first"/],
  tabs: [/^{"authorization":"Bearer /],
  proof: [/^HTTP\/1.1 401 [^]*"invalid_dpop_proof"/],
  editor: [/^HTTP\/1.1 200 OK[^]*"file":"second"/],
  bridge: [/^{"authorization":"Bearer /],
  refusals: [/"origin_not_allowed"/, /"token_revoked"/, /"token_expired"/, /"insufficient_scope"/],
};

rule('each command runs as it is copied, and holds no secret', {}, async (page) => {
  await page.goto(site);
  await settled(page);
  for (const [id, patterns] of Object.entries(PRINTS)) {
    const commands = await page.locator(`#${id} .command pre`).allTextContents();
    assert.equal(commands.length, patterns.length, id);
    for (const [index, command] of commands.entries()) {
      assert.match(shorten(await runInShell(command)), patterns[index], `${id}, command ${index + 1}`);
    }
  }
  const { mode } = statSync(info.tokens);
  assert.equal(mode & 0o777, 0o600, 'the file with the secrets is its owner’s');
});

/** Text whose tokens are cut to their first characters. */
function shorten(text) {
  return text.replace(/(Bearer |DPoP )\S+/g, '$1').replace(/(dp_[a-z]{3}_)\w+/g, '$1');
}

rule('each link leads to a file of the repository, as text', {}, async (page) => {
  await page.goto(site);
  const links = await page.locator('a[href$=".md"]').evaluateAll((all) => [...new Set(all.map(({ href }) => href))]);
  assert.ok(links.length > 6, links.join(' '));
  for (const link of links) {
    const response = await fetch(link);
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/plain; charset=utf-8'], link);
    assert.equal(await response.text(), readFileSync(new URL(`.${new URL(link).pathname}`, root), 'utf8'));
  }
});

for (const width of [1280, 390]) {
  const name = `${width} pixels wide, the page is filled at first paint, and nothing moves afterwards`;
  rule(name, { viewport: { width, height: 900 } }, async (page) => {
    let start;
    const held = new Promise((resolve) => (start = resolve));
    await page.route('**/host.js', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(site, { waitUntil: 'commit' });
    await page.locator('.bottom').waitFor();
    await page.waitForFunction(() => document.styleSheets.length === 2);
    const before = await places(page);
    const parts = await page.locator('.developer:visible, .visitor, .log, .code pre, dd').allInnerTexts();
    assert.equal(parts.filter((text) => !text.trim()).length, 0, 'parts without a text');
    const log = page.getByTestId('log');
    const gap = await log.evaluate((element) => element.clientHeight - element.firstElementChild.clientHeight);
    assert.ok(gap < 30, `the log opens with ${gap} empty pixels`);
    assert.ok((await page.locator('#tabs dd').allInnerTexts()).every((text) => /^\d$/.test(text)));

    start();
    await settled(page);
    await log.locator('[data-event="refreshed"]').first().waitFor();
    await page.getByTestId('revocation-revoke').click();
    await page.getByTestId('revocation-developer').locator('[data-field="code"]').waitFor();
    assert.deepEqual(await places(page), before);
  });
}

/** Where each section begins, and where the page ends. */
function places(page) {
  return page.locator('section, figure.code, footer').evaluateAll((all) =>
    all.map((one) => {
      const name = one.id || one.dataset.source || one.className;
      return `${name}: ${Math.round(one.getBoundingClientRect().top + scrollY)}`;
    }),
  );
}

rule('a screenshot of the whole page shows no blank frame, though nobody scrolled to it', {}, async (page) => {
  await page.goto(site);
  await settled(page);
  const picture = await page.screenshot({ fullPage: true });
  for (const id of ['editor-frame', 'bridge-place']) {
    const count = await colors(page, picture, await page.getByTestId(id).boundingBox());
    assert.ok(count > 20, `${id} has ${count} colours`);
  }
});

const LOOKS = [['demo-1280', 1280, 'light'], ['demo-390', 390, 'light'], ['demo-dark', 1280, 'dark']];
for (const [name, width, colorScheme] of LOOKS) {
  const chromiumOnly = colorScheme === 'dark' && 'WebDriver BiDi sets no color scheme in Firefox ESR';
  const options = { viewport: { width, height: 900 }, colorScheme, chromiumOnly };
  rule(`${name}: everything is drawn and nothing is cut off`, options, async (page) => {
    await page.goto(site);
    // The browser draws the frames only where they are in view.
    await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
    await settled(page);
    for (const frame of ['[data-testid="editor-frame"]', '[data-testid="bridge-place"] iframe']) {
      await page.frameLocator(frame).locator('.labels text').first().waitFor();
    }
    await page.getByTestId('log').locator('[data-event="refreshed"] ~ [data-event="drawn"]').first().waitFor();

    const cut = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(cut <= 0, `${cut} pixels too wide`);
    const headings = page.locator('h1, h2, h3, h4');
    const levels = await headings.evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
    assert.equal(levels.filter((level) => level === 1).length, 1);
    const isSkipped = levels.some((level, index) => index > 0 && level > levels[index - 1] + 1);
    assert.equal(isSkipped, false, 'no heading level is skipped');
    await page.screenshot({ path: `${screenshots}${name}-${engine}.png`, fullPage: true });
  });
}

/** Waits until every part of the page has its final state. */
async function settled(page) {
  await untilFloor(page.getByTestId('public-floor'), 'drawn');
  await untilFloor(page.getByTestId('private-floor'), 'drawn');
  await page.frameLocator('[data-testid="editor-frame"]').locator('[data-floorline="drawn"]').waitFor();
  await page.getByTestId('bridge-place').frameLocator('iframe').locator('[data-floorline="drawn"]').waitFor();
  await page.getByTestId('revocation-status').filter({ hasText: 'allowed' }).waitFor();
  await page.getByTestId('proof-without').locator('[data-field="code"]').waitFor();
  await page.getByTestId('tabs-tokens').filter({ hasText: /[1-9]/ }).waitFor();
  for (const id of ['wrong-origin', 'revoked', 'expired', 'missing-scope']) {
    await page.getByTestId(`refusal-${id}`).locator('[data-field="code"]').waitFor();
  }
}
