import type { SealedWebhook } from '@tidings/database';
import { sealedFor } from '@tidings/secrets';

/** What of a webhook is sealed, each with the owner that it is sealed for. Null: there is nothing. */
export function columnsOf({ id, sealedSecret, sealedPreviousSecrets, sealedHeaders }: SealedWebhook) {
  return [
    { sealed: sealedSecret, owner: sealedFor.secret(id) },
    { sealed: sealedPreviousSecrets, owner: sealedFor.previousSecrets(id) },
    { sealed: sealedHeaders, owner: sealedFor.headers(id) },
  ];
}
