import { createSeal, isSealed, sealedFor, type SealKey } from './seal.js';

/** The sealed columns of a webhook; null when they are empty. */
export interface SealedColumns {
  id: string;
  sealedSecret: Uint8Array;
  sealedPreviousSecrets: Uint8Array | null;
  sealedHeaders: Uint8Array | null;
}

/** Returns the sealed columns of a webhook (null when empty), each with the context of its seal. */
export function sealedColumns<Columns extends SealedColumns>({
  id,
  sealedSecret,
  sealedPreviousSecrets,
  sealedHeaders,
}: Columns): { sealed: Columns['sealedSecret'] | null; context: string }[] {
  return [
    { sealed: sealedSecret, context: sealedFor.secret(id) },
    { sealed: sealedPreviousSecrets, context: sealedFor.previousSecrets(id) },
    { sealed: sealedHeaders, context: sealedFor.headers(id) },
  ];
}

/**
 * Creates the function that tells whether the keys open every sealed column of a webhook; null when the columns are no sealed
 * texts, which says nothing about the keys.
 */
export function createCanOpen(keys: readonly SealKey[]): (webhook: SealedColumns) => boolean | null {
  const { open } = createSeal(keys);
  return (webhook) => {
    const columns = sealedColumns(webhook).flatMap(({ sealed, context }) => (sealed === null ? [] : [{ sealed, context }]));
    if (!columns.every(({ sealed }) => isSealed(sealed))) return null;
    try {
      for (const { sealed, context } of columns) open(sealed, context);
      return true;
    } catch {
      return false;
    }
  };
}
