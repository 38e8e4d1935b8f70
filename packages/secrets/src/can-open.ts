import { openHeaders } from './headers.js';
import { createSeal, isSealed, sealedFor, type Seal, type SealKey } from './seal.js';

/** The sealed columns of a webhook; null when they are empty. */
export interface SealedColumns {
  id: string;
  url: string;
  sealedSecret: Uint8Array;
  sealedPreviousSecrets: Uint8Array | null;
  sealedHeaders: Uint8Array | null;
}

/** Decrypts every sealed column of a webhook. Throws when one of them does not open. */
export function openColumns(seal: Pick<Seal, 'open'>, webhook: SealedColumns): void {
  const { id, sealedSecret, sealedPreviousSecrets, sealedHeaders } = webhook;
  seal.open(sealedSecret, sealedFor.secret(id));
  if (sealedPreviousSecrets) seal.open(sealedPreviousSecrets, sealedFor.previousSecrets(id));
  if (sealedHeaders) openHeaders(seal, webhook, sealedHeaders);
}

/**
 * Creates the function that tells whether the keys open every sealed column of a webhook; null when the columns are no sealed
 * texts, which says nothing about the keys.
 */
export function createCanOpen(keys: readonly SealKey[]): (webhook: SealedColumns) => boolean | null {
  const seal = createSeal(keys);
  return (webhook) => {
    const { sealedSecret, sealedPreviousSecrets, sealedHeaders } = webhook;
    const columns = [sealedSecret, sealedPreviousSecrets, sealedHeaders].filter((sealed) => sealed !== null);
    if (!columns.every(isSealed)) return null;
    try {
      openColumns(seal, webhook);
      return true;
    } catch {
      return false;
    }
  };
}
