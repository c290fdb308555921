// The inspector's panel for people: keyboard, screen readers, phones, themes, motion, and the embed below it.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { engine } from '../engine.mjs';
import { info, rule } from './demo.mjs';
import { connect, createBackend, open, untilFact } from './inspector.mjs';

const screenshots = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
mkdirSync(screenshots, { recursive: true });
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const NO_SCHEME = 'WebDriver BiDi sets no color scheme in Firefox ESR';
const [DESKTOP, PHONE] = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

const panel = (page) => page.locator('daypass-inspector section');
const toggle = (page) => page.locator('daypass-inspector .toggle');
const hasFocus = (locator) => locator.evaluate((element) => element.matches(':focus'));

/** Connects with two connections, one of which is refused. */
async function fill(page, options = {}) {
  const { provider, revoke } = await createBackend({ subject: 'visitor-42', origins: ['127.0.0.1', '*.shop.example'] });
  await open(page, '/free');
  await connect(page, { provider }, { reference: 'https://docs.example/errors.md', ...options });
  await page.evaluate(() => globalThis.daypass.refresh());
  await revoke();
  await page.evaluate(async () => {
    for (const end = performance.now() + 10_000; performance.now() < end; ) {
      if (!(await globalThis.daypass.fetch('/v2/floor/first')).ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  await page.locator('daypass-inspector .count').filter({ hasText: /refusals$/ }).waitFor();
}

/** Fails if axe finds something. It needs a page without a policy. */
async function expectAccessible(page) {
  await page.addScriptTag({ path: axe });
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run({ resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(' ')).join(', ')}`);
  });
  assert.deepEqual(violations, []);
}

rule('the inspector is used with the keyboard alone', {}, async (page) => {
  const { provider } = await createBackend();
  await open(page);
  await connect(page, { provider });
  await page.locator('#own').focus();
  await page.keyboard.press('Tab');
  assert.ok(await hasFocus(toggle(page)));
  assert.equal(await toggle(page).evaluate((element) => getComputedStyle(element).outlineStyle), 'solid');
  assert.equal(await toggle(page).getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('Enter');
  assert.equal(await toggle(page).getAttribute('aria-expanded'), 'false');
  await page.locator('daypass-inspector .body').waitFor({ state: 'hidden' });
  await page.keyboard.press('Space');
  await page.locator('daypass-inspector .body').waitFor();

  // It moves through the corners, and keeps the focus.
  const host = page.locator('daypass-inspector');
  await page.keyboard.press('Tab');
  for (const corner of ['bottom-left', 'top-left', 'top-right', 'bottom-right']) {
    const move = page.getByRole('button', { name: `Move to the ${corner.replace('-', ' ')}` });
    assert.ok(await hasFocus(move));
    await page.keyboard.press('Enter');
    assert.equal(await host.getAttribute('data-corner'), corner);
  }
  // `Escape` folds it from anywhere inside, and the focus goes to what opens it again.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.ok(await hasFocus(page.getByRole('group', { name: 'Details' })));
  await page.keyboard.press('Escape');
  assert.equal(await toggle(page).getAttribute('aria-expanded'), 'false');
  assert.ok(await hasFocus(toggle(page)));

  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.ok(await hasFocus(page.getByRole('button', { name: 'Remove the panel' })));
  await page.keyboard.press('Enter');
  assert.equal(await host.count(), 0);
});

rule('screen readers hear names, and refusals as they come', {}, async (page) => {
  await fill(page, { open: true, name: 'Floors' });
  await page.getByRole('region', { name: 'Daypass inspector: Floors' }).waitFor();
  await page.getByRole('button', { name: /^Daypass Floors\s*temporary\s*\d+ refusals$/ }).waitFor();
  await page.getByRole('img', { name: /% of the token's life is left$/ }).waitFor();
  await page.getByRole('log', { name: 'Refusals' }).getByRole('listitem').first().waitFor();
  await page.getByRole('link', { name: 'About this code' }).first().waitFor();
});

const STILL = { reducedMotion: 'reduce', chromiumOnly: NO_SCHEME };
rule('the panel does not move where people want no motion', STILL, async (page) => {
  const { provider } = await createBackend();
  await open(page);
  await connect(page, { provider });
  const duration = () =>
    page.locator('daypass-inspector .large .life').evaluate((element) => getComputedStyle(element).transitionDuration);
  assert.equal(await duration(), '0s');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.equal(await duration(), '1s');
});

rule('the panel leaves the page below it to the embed', { viewport: PHONE }, async (page) => {
  const { provider } = await createBackend();
  await open(page);
  // On a phone it is folded at first.
  await connect(page, { provider }, true);
  assert.equal(await toggle(page).getAttribute('aria-expanded'), 'false');
  const covered = await page.evaluate(() => {
    const { shadowRoot } = document.querySelector('daypass-inspector');
    const { left, top, right, bottom } = shadowRoot.querySelector('section').getBoundingClientRect();
    const isPanel = (x, y) => document.elementFromPoint(x, y)?.localName === 'daypass-inspector';
    return {
      inside: isPanel((left + right) / 2, (top + bottom) / 2),
      beside: [
        isPanel(left - 5, (top + bottom) / 2),
        isPanel((left + right) / 2, top - 5),
        isPanel(right + 5, bottom + 5),
      ],
      part: ((right - left) * (bottom - top)) / (innerWidth * innerHeight),
      tooWide: document.documentElement.scrollWidth - innerWidth,
    };
  });
  assert.deepEqual([covered.inside, covered.beside, covered.tooWide], [true, [false, false, false], 0]);
  assert.ok(covered.part < 0.05, `${covered.part}`);
  await toggle(page).click();
  await page.locator('daypass-inspector .body').waitFor();
  const { height } = await panel(page).boundingBox();
  assert.ok(height <= PHONE.height / 2, `${height}`);
  await page.locator('#own').click();
});

for (const [size, viewport] of [['1280', DESKTOP], ['390', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    const chromiumOnly = colorScheme === 'dark' && NO_SCHEME;
    const options = { viewport, colorScheme, chromiumOnly };
    rule(`the panel is accessible and whole at ${size} in the ${colorScheme}`, options, async (page) => {
      await fill(page, { open: true, name: 'Floors' });
      await page.evaluate(
        ([api, publishableToken]) => globalThis.connect({ api, publishableToken, debug: { open: false, name: 'Map' } }),
        [new URL(info.api).origin, info.publishableToken],
      );
      await untilFact(page, 'Visitor', 'visitor-42');
      const end = `${size}-${colorScheme}-${engine}.png`;
      const shoot = (name) => page.screenshot({ path: `${screenshots}inspector-${name}-${end}` });
      await shoot('top');
      await expectAccessible(page);
      const body = page.locator('daypass-inspector .body').first();
      await body.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await shoot('refusals');
      const cut = await body.evaluate((element) => element.scrollWidth - element.clientWidth);
      assert.ok(cut <= 0, `${cut} pixels are cut off`);
      await toggle(page).first().click();
      await shoot('folded');
      await expectAccessible(page);
    });
  }
}
