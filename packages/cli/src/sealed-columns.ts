import type { SealedWebhook } from '@tidings/database';
import { sealedFor } from '@tidings/secrets';

/** Returns the sealed columns of a webhook (null when empty), each with the context of its seal. */
export function columnsOf({ id, sealedSecret, sealedPreviousSecrets, sealedHeaders }: SealedWebhook) {
  return [
    { sealed: sealedSecret, context: sealedFor.secret(id) },
    { sealed: sealedPreviousSecrets, context: sealedFor.previousSecrets(id) },
    { sealed: sealedHeaders, context: sealedFor.headers(id) },
  ];
}
