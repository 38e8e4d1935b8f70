import type { SealedColumns, SealedWebhook } from '@tidings/database';
import { openHeaders, sealedFor, sealedWith, sealHeaders, type Seal } from '@tidings/secrets';

/** Whether all sealed columns of a webhook were sealed with the key `current`. */
export function hasOnlyKey({ sealedSecret, sealedPreviousSecrets, sealedHeaders }: SealedColumns, current: string): boolean {
  const columns = [sealedSecret, sealedPreviousSecrets, sealedHeaders];
  return columns.every((sealed) => sealed === null || sealedWith(sealed) === current);
}

/** Whether all of them were, and the headers for the origin of the webhook's URL. Throws when the headers do not open. */
export function isSealedWith(webhook: SealedWebhook, current: string, seal: Pick<Seal, 'open'>): boolean {
  const { sealedHeaders } = webhook;
  return hasOnlyKey(webhook, current) && (sealedHeaders === null || openHeaders(seal, webhook, sealedHeaders).isForOrigin);
}

/** Decrypts the sealed columns of a webhook and encrypts them again with the first key. Throws when one of them does not open. */
export function resealed(webhook: SealedWebhook, seal: Seal): SealedColumns {
  const { id, sealedSecret, sealedPreviousSecrets, sealedHeaders } = webhook;
  const again = (sealed: Buffer, context: string): Buffer => seal.seal(seal.open(sealed, context), context);
  return {
    sealedSecret: again(sealedSecret, sealedFor.secret(id)),
    sealedPreviousSecrets: sealedPreviousSecrets && again(sealedPreviousSecrets, sealedFor.previousSecrets(id)),
    sealedHeaders: sealedHeaders && sealHeaders(seal, webhook, openHeaders(seal, webhook, sealedHeaders).headers),
  };
}
