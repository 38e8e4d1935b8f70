import { chromium, type Browser } from 'playwright-core';
import { findProgram } from './programs.js';

export const CHROMIUM = findProgram('chromium', 'google-chrome', 'chromium-browser');

/** The last five stop Chromium from connecting to Google's servers. */
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

/** Starts the installed Chromium in headless mode. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? 'chromium', args: ARGUMENTS });
}
