import { TOKEN_REMEDIES, type TokenFault } from '@tidings/auth';

/** Why a request is not authenticated: its credentials are absent or ambiguous, its ticket is not valid, or its token is wrong. */
export type RefusalReason = TokenFault | 'no_token' | 'two_credentials' | 'ticket';

const INTERVAL_MS = 60_000;

/**
 * Logs why tokens are refused, for the operator: at most one line a minute for each reason, however many tokens come, and never
 * a part of a token. The access log has the reason of each request.
 */
export function createRefusalLog(log: { info: (message: string, details: object) => void }): (reason: RefusalReason) => void {
  const last = new Map<RefusalReason, { loggedAt: number; since: number }>();
  return (reason) => {
    if (reason === 'no_token') return;
    const now = performance.now();
    const { loggedAt, since } = last.get(reason) ?? { loggedAt: -Infinity, since: 0 };
    if (now - loggedAt < INTERVAL_MS) {
      last.set(reason, { loggedAt, since: since + 1 });
      return;
    }
    last.set(reason, { loggedAt: now, since: 0 });
    log.info('A token was refused.', {
      reason,
      remedy: (TOKEN_REMEDIES as Partial<Record<RefusalReason, string>>)[reason],
      unlogged_before: since || undefined,
    });
  };
}
