// What Lighthouse says of a page that is open in Playwright's Chromium: its score for accessibility, without a reload,
// so that the session and what the page answered to a form stay. Chromium needs `--remote-debugging-port=0`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultConfig, snapshot } from 'lighthouse';
import { pageFunctions } from 'lighthouse/core/lib/page-functions.js';
import puppeteer from 'puppeteer-core';

// A second of the processor for each page, to tell how fast the machine is: no audit of accessibility asks.
pageFunctions.computeBenchmarkIndex = () => 0;

/** Lighthouse's own configuration, of which the rest takes longer to read than the page. */
const CONFIG = {
  artifacts: defaultConfig.artifacts.filter(({ id }) => id === 'Accessibility'),
  audits: defaultConfig.audits.filter((audit) => audit.startsWith('accessibility/')),
  categories: { accessibility: defaultConfig.categories.accessibility },
  groups: defaultConfig.groups,
};

/** The page stays as it is: with its size, its theme and its cookies. */
const FLAGS = {
  formFactor: 'desktop',
  screenEmulation: { disabled: true },
  throttlingMethod: 'provided',
  disableFullPageScreenshot: true,
};

/** Returns the score of a page, 0 to 100, and the audits that cost it points, each with the elements that it names. */
export async function scoreAccessibility(page) {
  const browser = await puppeteer.connect({ browserWSEndpoint: await endpoint(page), defaultViewport: null });
  try {
    const { lhr } = await snapshot(await samePage(browser, page), { config: CONFIG, flags: FLAGS });
    const { score, auditRefs } = lhr.categories.accessibility;
    // An audit that did not run makes the score null, which is no fault of the page.
    const broken = auditRefs.map(({ id }) => lhr.audits[id]).find(({ scoreDisplayMode }) => scoreDisplayMode === 'error');
    const complaint = lhr.runtimeError?.message ?? broken?.errorMessage;
    if (complaint) throw new Error(`Lighthouse did not run: ${complaint}`);
    const lost = auditRefs.map(({ id }) => lhr.audits[id]).filter((audit) => audit.score !== null && audit.score < 1);
    const failed = lost.map(({ id, details }) => `${id}: ${(details?.items ?? []).map(selectorOf).join(', ')}`);
    return { score: Math.round(score * 100), failed };
  } finally {
    await browser.disconnect();
  }
}

const selectorOf = ({ node }) => node?.selector ?? '?';

/** The address at which Chromium listens, which it writes to the folder of its profile. */
async function endpoint(page) {
  const session = await page.context().browser().newBrowserCDPSession();
  const { commandLine } = await session.send('SystemInfo.getInfo');
  await session.detach();
  const [, folder] = commandLine.match(/--user-data-dir=("[^"]+"|\S+)/);
  const [port, path] = (await readFile(join(folder.replaceAll('"', ''), 'DevToolsActivePort'), 'utf8')).split('\n');
  return `ws://127.0.0.1:${port}${path}`;
}

/** Finds the page of Playwright among those of Puppeteer. */
async function samePage(browser, page) {
  const session = await page.context().newCDPSession(page);
  const { targetInfo } = await session.send('Target.getTargetInfo');
  await session.detach();
  const target = await browser.waitForTarget((each) => each._targetId === targetInfo.targetId, { timeout: 20_000 });
  return target.page();
}
