// The page as a whole: no secret in it, nothing that its policy forbids, and fit to be looked at.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { info, openEditor, redact, requests, rule, secrets, site, untilFloor } from './demo.mjs';

const screenshots = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
mkdirSync(screenshots, { recursive: true });

rule('no secret reaches the browser, and the console holds only the expected', {}, async (page) => {
  const seen = requests(page);
  const logged = [];
  const thrown = [];
  page.on('console', (message) => logged.push([message.type(), message.text()]));
  page.on('pageerror', (error) => thrown.push(error.message));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => violations.push(`${violatedDirective} ${blockedURI}`));
  });

  await page.goto(site);
  await settled(page);
  await openEditor(page, 'signed');
  await page.frameLocator('[data-testid="editor-frame"]').getByTestId('parameters').waitFor();

  let bodies = 0;
  for (const request of seen) {
    const parts = [request.url(), request.postData() ?? '', ...Object.values(await request.allHeaders())];
    const response = await request.response();
    // A page that is gone and an answer that was blocked have no body to read.
    const body = await response?.text().catch(() => null);
    if (typeof body === 'string') bodies++;
    parts.push(body ?? '', ...Object.values((await response?.allHeaders()) ?? {}));
    const path = new URL(request.url()).pathname;
    for (const secret of secrets) assert.equal(parts.some((part) => part.includes(secret)), false, `a secret in the exchange of ${path}`);
  }
  assert.ok(bodies > 15, `bodies read: ${bodies}`);

  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(thrown.map(redact), []);
  const EXPECTED = [
    /^Floorline: (origin_not_allowed|token_revoked|token_expired|insufficient_scope) /,
    // Chromium's own notes of the same refusals.
    /^Failed to load resource: the server responded with a status of (401|403)/,
    /^Failed to load resource: net::ERR_FAILED/,
    /^Access to fetch at '.*\/v2\/floor\/ground\?.*' from origin '.*' has been blocked by CORS policy: No 'Access-Control-Allow-Origin'/,
  ];
  const others = logged.filter(([, text]) => !EXPECTED.some((pattern) => pattern.test(text)));
  assert.deepEqual(others.map(([type, text]) => `${type}: ${redact(text)}`), []);
});

for (const [name, width, colorScheme] of [['demo-1280', 1280, 'light'], ['demo-390', 390, 'light'], ['demo-dark', 1280, 'dark']]) {
  rule(`${name}: everything is drawn and nothing is cut off`, { viewport: { width, height: 900 }, colorScheme }, async (page) => {
    await page.goto(site);
    // The frame is painted only where it is in view.
    await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
    await settled(page);
    await page.frameLocator('[data-testid="editor-frame"]').locator('.labels text').first().waitFor();
    await page.getByTestId('log').locator('[data-event="refreshed"] ~ [data-event="drawn"]').first().waitFor();

    const cut = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(cut <= 0, `${cut} pixels too wide`);
    const levels = await page.locator('h1, h2, h3, h4').evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
    assert.equal(levels.filter((level) => level === 1).length, 1);
    assert.ok(levels.every((level, index) => index === 0 || level <= levels[index - 1] + 1), 'no heading level is skipped');
    await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
  });
}

/** Every part of the page has come to its end. */
async function settled(page) {
  await untilFloor(page.getByTestId('public-floor'), 'drawn');
  await untilFloor(page.getByTestId('private-floor'), 'drawn');
  await page.frameLocator('[data-testid="editor-frame"]').locator('[data-floorline="drawn"]').waitFor();
  for (const id of ['wrong-origin', 'revoked', 'expired', 'missing-scope']) {
    await page.getByTestId(`refusal-${id}`).locator('[data-field="code"]').waitFor();
  }
}
