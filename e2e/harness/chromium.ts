import { chromium, type Browser } from 'playwright-core';
import { findProgram } from './programs.js';

export const CHROMIUM = findProgram('chromium', 'google-chrome', 'chromium-browser');

/** Without the last five, it looks for its maker's hosts all the time. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium of this machine, without a window. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? 'chromium', args: ARGUMENTS });
}
