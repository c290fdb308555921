// The embed's page in a frame: the browser shows it in pages of the token's origins only.
import assert from 'node:assert/strict';
import { engine } from '../engine.mjs';
import { backend } from './backend.mjs';
import { info, rule } from './demo.mjs';

const src = `${new URL(info.embed).origin}/frame?pubtoken=${info.publishableToken}&floor=ground`;
/** The same page under another host name, hence of another origin: the token is for `127.0.0.1`. */
const foreign = backend.replace('127.0.0.1', 'localhost');

/** Frames the embed in this site's page, and returns the element that it draws in. */
async function framed(page, site) {
  await page.goto(`${site}/page`);
  await page.evaluate((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), src);
  return page.frameLocator('iframe').getByTestId('framed-floor');
}

/** Waits until the browser reports an error with this word, which Playwright takes for the page's own in Firefox. */
function waitForReport(page, word) {
  if (engine === 'firefox') return page.waitForEvent('pageerror', ({ message }) => message.includes(word));
  return page.waitForEvent('console', (message) => message.type() === 'error' && message.text().includes(word));
}

rule("a page of the token's origins shows the embed in its frame", {}, async (page) => {
  const floor = await framed(page, backend);
  await floor.and(page.frameLocator('iframe').locator('[data-floorline="drawn"]')).waitFor();
});

rule('the browser refuses to show the embed in a page of another origin', {}, async (page) => {
  const refusal = waitForReport(page, 'frame-ancestors');
  const floor = await framed(page, foreign);
  await refusal;
  assert.equal(await floor.count(), 0);
});
