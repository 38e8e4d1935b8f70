import { sealedFor, type Seal } from './seal.js';

/** The columns of a webhook that its custom headers belong to. */
export interface HeadersOwner {
  id: string;
  url: string;
}

/**
 * Encrypts the custom headers of a webhook, which may hold credentials: they open only for this webhook, and only for the origin
 * of its URL.
 */
export function sealHeaders(
  { seal }: Pick<Seal, 'seal'>,
  { id, url }: HeadersOwner,
  headers: Readonly<Record<string, string>>,
): Buffer {
  return seal(JSON.stringify(headers), sealedFor.headers(id, new URL(url).origin));
}

/**
 * Decrypts the custom headers of a webhook. Also those that were sealed before November 2026, for no origin: `isForOrigin` is
 * false then. Throws when they were sealed for another origin or another webhook, or when their key is missing.
 */
export function openHeaders(
  { open }: Pick<Seal, 'open'>,
  { id, url }: HeadersOwner,
  sealed: Uint8Array,
): { headers: Record<string, string>; isForOrigin: boolean } {
  const parse = (context: string) => JSON.parse(open(sealed, context)) as Record<string, string>;
  try {
    return { headers: parse(sealedFor.headers(id, new URL(url).origin)), isForOrigin: true };
  } catch (error) {
    try {
      return { headers: parse(sealedFor.headersOfAnyOrigin(id)), isForOrigin: false };
    } catch {
      throw error;
    }
  }
}
