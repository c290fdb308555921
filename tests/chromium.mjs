// The Chromium of every test and benchmark that drives a browser.
import { chromium } from 'playwright-core';

/** Without background requests, which a closed network would refuse one by one. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts the Chromium that `$CHROMIUM` names, or else Debian's, with these options of Playwright's `launch`, and `more`
 * arguments.
 */
export function launchChromium({ more = [], ...options } = {}) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...more], ...options });
}
