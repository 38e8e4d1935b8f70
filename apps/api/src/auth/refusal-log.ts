import { TOKEN_REMEDIES, type TokenFault } from '@tidings/auth';
import { createRepetitions } from '@tidings/runtime/logging';

/** Why a request is not authenticated: its credentials are absent or ambiguous, its ticket is not valid, or its token is wrong. */
export type RefusalReason = TokenFault | 'no_token' | 'two_credentials' | 'ticket';

/**
 * Logs why tokens are refused, for the operator: at most one line a minute for each reason, however many tokens come, and never
 * a part of a token. The access log has the reason of each request.
 */
export function createRefusalLog(log: { info: (message: string, details: object) => void }): (reason: RefusalReason) => void {
  const repetitions = createRepetitions();
  return (reason) => {
    if (reason === 'no_token') return;
    const { write, fields } = repetitions.next(reason);
    if (!write) return;
    const remedy = (TOKEN_REMEDIES as Partial<Record<RefusalReason, string>>)[reason];
    log.info('A token was refused.', { reason, remedy, ...fields });
  };
}
