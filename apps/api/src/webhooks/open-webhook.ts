import type { Webhook } from '@tidings/database';
import { parsePreviousSecrets, sealedFor, stillValid, type PreviousSecret, type Seal } from '@tidings/secrets';
import type { WebhookView } from './view.js';

/** Opens of a webhook's row what may be shown, and what a rotation needs. Throws when a key is missing. */
export function createOpener(seal: Seal) {
  /** The secrets that were rotated away. */
  const previousOf = ({ id, sealedPreviousSecrets: sealed }: Webhook): PreviousSecret[] =>
    sealed ? parsePreviousSecrets(seal.open(sealed, sealedFor.previousSecrets(id))) : [];
  /** What the API shows of it: of the headers only the names. */
  const toView = (row: Webhook): WebhookView => {
    const { sealedSecret: _secret, sealedPreviousSecrets: _previous, sealedHeaders, ...webhook } = row;
    return {
      ...webhook,
      headerNames: sealedHeaders ? Object.keys(JSON.parse(seal.open(sealedHeaders, sealedFor.headers(row.id))) as object) : [],
      previousSecretsValidUntil: latestEnd(previousOf(row)),
    };
  };
  return { previousOf, toView };
}

function latestEnd(previous: readonly PreviousSecret[]): Date | null {
  const valid = stillValid(previous, Date.now() / 1000);
  return valid.length === 0 ? null : new Date(1000 * Math.max(...valid.map(({ until }) => until)));
}
