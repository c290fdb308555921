// What the end-to-end tests share: the running demo's addresses, a real browser, and failures without secrets.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { bidiSession, engine, launchBrowser } from '../engine.mjs';

/** The file that `cargo xtask demo --info` writes: origins, and the tokens that it created. */
const file = process.env.DAYPASS_DEMO;
if (!file) throw new Error('DAYPASS_DEMO must name the info file of a running demo; `cargo xtask test` sees to that.');
export const info = JSON.parse(readFileSync(file, 'utf8'));

/** How long a temporary token of the private floor lasts in the tests, in seconds: the demo's minimum is 5. */
export const LIFE = 6;
export const site = `${info.site.replace(/\/$/, '')}/?life=${LIFE}`;

/** The tokens that a page may have. */
const IN_PAGES = ['publishableToken', 'foreignToken', 'revokedToken', 'publicToken'];
const isSecret = (name) => /(token|key)$/i.test(name) && !IN_PAGES.includes(name);
export const secrets = Object.keys(info).filter(isSecret).map((name) => info[name]);

/** One browser for all tests of a file, started with the first that needs it. */
let browser;
after(async () => (await browser)?.close());
function launch() {
  // With the back-forward cache, which Playwright turns off in Chromium.
  const ignoreDefaultArgs = ['--disable-back-forward-cache'];
  // Lighthouse comes to the same browser: see `tests/lighthouse`. Chromium chooses a port on loopback.
  const more = engine === 'chromium' && { more: ['--remote-debugging-port=0'] };
  browser ??= launchBrowser({ ignoreDefaultArgs, ...more });
  return browser;
}

/**
 * Runs a test with a page of its own, and closes the page. `options` are those of Playwright's context; in Firefox the
 * test is skipped if they have `chromiumOnly`, the reason. `timeout` is for a test that takes longer.
 * SECURITY: an assertion's values and a locator's log may hold tokens, so a failure is reported without them.
 */
export function rule(name, { chromiumOnly, timeout = 60_000, ...options }, body) {
  const skip = engine === 'firefox' && chromiumOnly;
  test(name, { timeout, skip }, async () => {
    const context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(20_000);
    try {
      await body(await context.newPage());
    } catch (error) {
      const failure = new Error(redact(error.message));
      failure.stack = redact(error.stack ?? '');
      throw failure;
    } finally {
      await context.close();
    }
  });
}

/** Replaces the tokens in a text, so that it can be printed. */
export function redact(text) {
  for (const [name, value] of Object.entries(info)) {
    if (/token|key/i.test(name) && typeof value === 'string') text = text.replaceAll(value, `<${name}>`);
  }
  return text
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '<signed token>')
    .replace(/\bdp_[a-z]{3}_\w+/g, '<stored token>')
    .replace(/\b(pubtoken|bundle|bearer_token)=[^\s&"']+/g, '$1=<redacted>');
}

/** A token's digest, which tells tokens apart without showing them. */
export function digest(token) {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}

/** Runs a command that the page shows, in a shell that read the demo's `tokens.env`, and returns what it printed. */
export async function runInShell(command) {
  try {
    const script = `set -e; . '${info.tokens}'\n${command}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { timeout: 20_000 });
    return stdout;
  } catch (error) {
    throw new Error(redact(error.message));
  }
}

/** The preflights of a page, as they come. Playwright hides them; the protocols of the browsers do not. */
export async function preflights(page) {
  const seen = [];
  const see = ({ type, request }) => {
    if (type === 'Preflight' || request.method === 'OPTIONS') seen.push(new URL(request.url).pathname);
  };
  if (engine === 'firefox') {
    bidiSession(page).on('network.beforeRequestSent', see);
  } else {
    const session = await page.context().newCDPSession(page);
    session.on('Network.requestWillBeSent', see);
    await session.send('Network.enable');
  }
  return seen;
}

/** The requests of a page and its frames, as they come. */
export function requests(page) {
  const seen = [];
  page.on('request', (request) => seen.push(request));
  return seen;
}

/** Whether a request goes to this floor of the API. */
export function asksFor(floor) {
  return (request) => {
    const url = new URL(request.url());
    return url.origin === new URL(info.api).origin && url.pathname === `/v2/floor/${floor}`;
  };
}

/**
 * Returns a predicate that resolves to whether the customer's backend responds to a request with a temporary token of
 * this duration. The response says so, since Playwright does not know the bodies of requests in Firefox.
 */
export function createsToken(seconds) {
  return async (request) => {
    if (new URL(request.url()).pathname !== '/floor-token') return false;
    // A page that was left has no response to read.
    const token = await request.response().then((response) => response.json()).catch(() => null);
    if (!token?.authorization) return false;
    const { iat, exp } = JSON.parse(Buffer.from(token.authorization.split('.')[1], 'base64url'));
    return exp - iat === seconds;
  };
}

/** Filters requests by a predicate that may return a promise. */
export async function filterRequests(all, isWanted) {
  const wanted = await Promise.all(all.map(isWanted));
  return all.filter((_, index) => wanted[index]);
}

/** Waits until a floor that was mounted in `part` is in this state. */
export function untilFloor(part, state) {
  return part.and(part.page().locator(`[data-floorline="${state}"]`)).waitFor();
}

/** The fields of an error that a developer sees, as an object. */
export async function developerView(element) {
  await element.locator('[data-field="code"]').waitFor();
  return fieldsOf(element);
}

/** The fields that an element shows, as an object. */
export async function fieldsOf(element) {
  const read = (all) => all.map(({ dataset, textContent }) => [dataset.field, textContent]);
  return Object.fromEntries(await element.locator('[data-field]').evaluateAll(read));
}

/** Opens the page's editor with a bundle of this kind, and waits until the editor's page has loaded. */
export async function openEditor(page, kind) {
  const address = `${new URL(info.embed).origin}/editor.html?bundle=`;
  const isOpened = (response) => response.url().startsWith(address);
  await Promise.all([page.waitForResponse(isOpened), page.getByTestId(`open-${kind}`).click()]);
}

/** How many colours a part of a screenshot has: a browser decodes the picture. */
export async function colors(page, picture, box) {
  const reader = await page.context().newPage();
  const count = await reader.evaluate(
    async ([png, { x, y, width, height }]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(image, -x, -y);
      // Without the border and its round corners.
      const { data } = context.getImageData(20, 20, width - 40, height - 40);
      return new Set(new Uint32Array(data.buffer)).size;
    },
    [picture.toString('base64'), box],
  );
  await reader.close();
  return count;
}
