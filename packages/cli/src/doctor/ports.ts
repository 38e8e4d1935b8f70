import { reasonOf } from '../failure.js';
import { findingsOf, type Finding } from './finding.js';

const TIMEOUT_MS = 5000;

/** Whether a process answers at its URL, and says that it is ready. */
export async function checkReady(check: 'API' | 'health', url: string): Promise<Finding> {
  const found = findingsOf(check);
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });
    const text = await response.text();
    if (response.status === 200) return found.ok(`${url} is ready`);
    if (response.status !== 503) {
      return found.wrong(`${url} answered ${String(response.status)} to /readyz`, 'Something else answers there: check the URL.');
    }
    return found.wrong(`${url} runs, and is not ready: ${whatIsMissing(text)}`, 'Its log says why.');
  } catch (error) {
    return found.wrong(`${url} cannot be reached: ${reasonOf(error)}`, 'Check the URL, whether it runs, and what is on the way.');
  }
}

/** The API says it in a problem document, a worker in its checks. */
function whatIsMissing(text: string): string {
  try {
    const { detail, checks } = JSON.parse(text) as { detail?: string; checks?: Record<string, string> };
    return (
      detail ??
      Object.entries(checks ?? {})
        .map(([name, state]) => `${name}: ${state}`)
        .join(', ')
    );
  } catch {
    return 'it does not say why';
  }
}

/** Whether the API takes the token. */
export async function checkToken(url: string, token: string): Promise<Finding> {
  const found = findingsOf('token');
  try {
    const response = await fetch(new URL('/api/webhooks?limit=1', url), {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return found.ok('the API takes it');
    return found.wrong(`the API answers ${String(response.status)}`, 'Set TIDINGS_TOKEN to one that its keys verify.');
  } catch (error) {
    return found.skipped(`the API cannot be asked: ${reasonOf(error)}`);
  }
}
