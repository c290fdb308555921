// What the tests of the console share: a person who is signed in, keys, axe-core, and screenshots.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { engine } from '../engine.mjs';
import { rule } from './demo.mjs';
import { PASSWORD, addPerson, expectFits, organization, service } from './people.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENSHOTS = new URL('../../target/screenshots/', import.meta.url).pathname;
const FIREFOX_SCHEME = 'WebDriver BiDi sets no color scheme in Firefox ESR';

/** A name that is markup, and would close an attribute. */
export const HOSTILE = `<img src=x onerror="document.title='evil'">'"&amp;`;

/** The address of a page of the organization. */
export const consolePath = (path) => `${service}/console/${organization}/${path}`;

/** Adds a person, and signs the person in, by the page to which the console leads. */
export async function signIn(page, role = 'owner') {
  const email = await addPerson(role);
  await page.goto(`${service}/console`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor();
}

/** Presses Tab until an element has the focus, as a person does who sees where it is. */
export async function tabTo(locator) {
  const page = locator.page();
  for (let presses = 0; presses < 120; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${locator}`);
}

/** Tells what axe-core finds in the page. */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await axe.run(document)).violations);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
}

/** Shortens the tokens in the page. SECURITY: pictures are kept. */
async function hideTokens(page) {
  await page.evaluate(() => {
    const hide = (text) => text.replace(/(dp_[a-z]{3}_|invitation#)\w+/g, '$1…');
    for (const input of document.querySelectorAll('input')) input.value = hide(input.value);
    for (const code of document.querySelectorAll('code')) code.textContent = hide(code.textContent);
  });
}

/**
 * Looks at pages in both themes and both widths: each fits, axe-core finds nothing in it, and a picture of it is kept.
 * Lighthouse scores each in both themes at the greater width, in Chromium. `visits` makes what the pages show, and
 * returns what leads to each by its name.
 */
export function looksAt(what, visits) {
  for (const [width, height] of [
    [1280, 900],
    [390, 844],
  ]) {
    for (const colorScheme of ['light', 'dark']) {
      const chromiumOnly = colorScheme === 'dark' && FIREFOX_SCHEME;
      const options = { viewport: { width, height }, colorScheme, chromiumOnly, timeout: 240_000 };
      const isScored = width === 1280 && engine === 'chromium';
      const measures = isScored ? 'axe-core finds nothing, and Lighthouse 100 of 100,' : 'axe-core finds nothing';
      rule(`${measures} in ${what} at ${width} px, ${colorScheme}, and each fits`, options, async (page) => {
        mkdirSync(SCREENSHOTS, { recursive: true });
        const { scoreAccessibility } = isScored ? await import('../lighthouse/score.mjs') : {};
        await signIn(page);
        for (const [name, visit] of Object.entries(await visits())) {
          await visit(page);
          await page.waitForLoadState('load');
          await expectFits(page);
          assert.deepEqual(await violations(page), [], name);
          if (isScored) {
            const { score, failed } = await scoreAccessibility(page);
            console.log(`accessibility ${score} of 100: ${name}, ${colorScheme}`);
            assert.deepEqual({ score, failed }, { score: 100, failed: [] }, name);
          }
          await hideTokens(page);
          await page.screenshot({ path: `${SCREENSHOTS}${name}-${width}-${colorScheme}.png`, fullPage: true });
        }
      });
    }
  }
}
