import type { Webhook } from '@tidings/database';
import { openHeaders, parsePreviousSecrets, sealedFor, stillValid, type PreviousSecret, type Seal } from '@tidings/secrets';
import type { WebhookView } from './view.js';

/** Creates functions that decrypt the sealed columns of a webhook's row. They throw when the key of a column is missing. */
export function createOpener(seal: Seal) {
  /** Returns the previous secrets, also those that have expired. */
  const previousOf = ({ id, sealedPreviousSecrets: sealed }: Webhook): PreviousSecret[] =>
    sealed ? parsePreviousSecrets(seal.open(sealed, sealedFor.previousSecrets(id))) : [];
  /** Returns the webhook as the API shows it: without secrets, and with the names of its headers only. */
  const toView = (row: Webhook): WebhookView => {
    const { sealedSecret: _secret, sealedPreviousSecrets: _previous, sealedHeaders, ...webhook } = row;
    return {
      ...webhook,
      headerNames: sealedHeaders ? Object.keys(openHeaders(seal, row, sealedHeaders).headers) : [],
      previousSecretsValidUntil: latestEnd(previousOf(row)),
    };
  };
  return { previousOf, toView };
}

function latestEnd(previous: readonly PreviousSecret[]): Date | null {
  const valid = stillValid(previous, Date.now() / 1000);
  return valid.length === 0 ? null : new Date(1000 * Math.max(...valid.map(({ until }) => until)));
}
