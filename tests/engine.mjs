// The browser of every test and benchmark that drives one: Chromium, or Firefox if `$DAYPASS_ENGINE` says so.
import { chromium, firefox } from 'playwright-core';

/** The name of the engine: `chromium` or `firefox`. */
export const engine = process.env.DAYPASS_ENGINE ?? 'chromium';

/** Without background requests, which a closed network would refuse one by one. */
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const FIREFOX_PREFERENCES = {
  // `page.requestGC()` needs Firefox's test utilities.
  'dom.testing.testutils.enabled': true,
  // Otherwise the first page moves once the fonts for its rarer characters are found.
  'gfx.font_rendering.fallback.async': false,
};

const ENGINES = { chromium: launchChromium, firefox: launchFirefox };

/** Starts the program that `$CHROMIUM` or `$FIREFOX` names, or else Debian's; the options are Playwright's. */
export function launchBrowser(options = {}) {
  if (!Object.hasOwn(ENGINES, engine)) throw new Error(`DAYPASS_ENGINE is ${engine}: set it to chromium or firefox.`);
  return ENGINES[engine](options);
}

/** Takes `more` arguments too. */
function launchChromium({ more = [], ...options }) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS, ...more], ...options });
}

/** Starts a stock Firefox, which Playwright drives by WebDriver BiDi in this channel; its default is its own build. */
async function launchFirefox(options) {
  const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath,
    firefoxUserPrefs: FIREFOX_PREFERENCES,
    ...options,
  });
  ignoreLightColorScheme(bidiSession(browser));
  return browser;
}

/** Returns the WebDriver BiDi session of a browser or page, which Playwright's API has no name for. */
export function bidiSession(of) {
  const { _browserSession, delegate } = of._connection.toImpl(of);
  return _browserSession ?? delegate._session;
}

/**
 * Responds to the command that sets the color scheme in place of Firefox ESR, which lacks it: Playwright sends it for
 * each new context. A light scheme is Firefox's default; the command fails with another one.
 */
function ignoreLightColorScheme(session) {
  const { send } = session;
  session.send = async (method, parameters) => {
    const isScheme = method === 'emulation.setMediaFeaturesOverride';
    if (isScheme && [undefined, 'light'].includes(parameters.features['prefers-color-scheme'])) return {};
    return send.call(session, method, parameters);
  };
}
