import type { SealedWebhook } from '@tidings/database';
import { sealedFor } from '@tidings/secrets';

/** Returns the sealed columns of a webhook (null when empty), each with the row and column to which its seal is bound. */
export function columnsOf({ id, sealedSecret, sealedPreviousSecrets, sealedHeaders }: SealedWebhook) {
  return [
    { sealed: sealedSecret, owner: sealedFor.secret(id) },
    { sealed: sealedPreviousSecrets, owner: sealedFor.previousSecrets(id) },
    { sealed: sealedHeaders, owner: sealedFor.headers(id) },
  ];
}
