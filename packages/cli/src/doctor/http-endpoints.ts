import { reasonOf } from '../failure.js';
import { readClock, type ClockReading } from './clocks.js';
import { findingFactory, type Finding } from './finding.js';

const TIMEOUT_MS = 5000;

/**
 * Checks that `GET /readyz` answers 200.
 *
 * @param check name of the check
 * @param url base URL of the process
 */
export async function checkReady(check: 'API' | 'health', url: string): Promise<Finding> {
  const found = findingFactory(check);
  try {
    const response = await fetch(`${url.replace(/(?<!\/)\/+$/, '')}/readyz`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'manual',
    });
    const text = await response.text();
    if (response.status === 200) return found.ok(`${url} is ready`);
    if (response.status !== 503) {
      return found.wrong(
        `${url} answered ${String(response.status)} to /readyz`,
        'Another service may answer there. Check the URL.',
      );
    }
    return found.wrong(`${url} runs but is not ready: ${reasonIn(text)}`, 'See the log of this process.');
  } catch (error) {
    return found.wrong(
      `${url} cannot be reached: ${reasonOf(error)}`,
      'Check the URL, whether the process runs, and the network from here to it.',
    );
  }
}

/** Returns the reason in a 503 response: the API sends a problem document, a worker its checks. */
function reasonIn(text: string): string {
  try {
    const { detail, checks } = JSON.parse(text) as { detail?: string; checks?: Record<string, string> };
    return (
      detail ??
      Object.entries(checks ?? {})
        .map(([name, state]) => `${name}: ${state}`)
        .join(', ')
    );
  } catch {
    return 'the response has no reason';
  }
}

/**
 * Reads the clock of the API from the `Date` of a response, which has whole seconds; null when it does not answer. A proxy in
 * front of the API may write its own.
 *
 * @param url base URL of the API, which may have a path, without a slash at the end
 */
export async function readApiClock(url: string): Promise<ClockReading | null> {
  try {
    const clock = await readClock('API', async () => {
      const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });
      await response.body?.cancel();
      return Date.parse(response.headers.get('date') ?? '');
    });
    return Number.isNaN(clock.serverTime) ? null : { ...clock, resolutionMs: 1000 };
  } catch {
    return null;
  }
}

/** Checks that the API accepts the token. */
export async function checkToken(url: string, token: string): Promise<Finding> {
  const found = findingFactory('token');
  try {
    const response = await fetch(`${url.replace(/(?<!\/)\/+$/, '')}/api/webhooks?limit=1`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return found.ok('the API accepts it');
    return found.wrong(
      `the API answers ${String(response.status)}`,
      'The findings above say why, when doctor runs with the JWT_… settings of the API; its log has the reason, too.',
    );
  } catch (error) {
    return found.skipped(`the API cannot be reached: ${reasonOf(error)}`);
  }
}
