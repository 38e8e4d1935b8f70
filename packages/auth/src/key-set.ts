import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { algorithmsOf, ASYMMETRIC, type Algorithm } from './algorithms.js';

/** A public key of a key set. */
export interface PublicKey {
  kid: string | undefined;
  key: KeyObject;
  /** The algorithms that it verifies: the one that the set names, or else all of its kind. */
  algorithms: readonly Algorithm[];
}

/** The public keys of an identity provider. */
export interface KeySet {
  keys: readonly PublicKey[];
  /** The members that cannot verify a token, with the reasons. */
  unusable: readonly { kid: string | undefined; reason: string }[];
}

const MAX_KEYS = 100;
const jwks = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });
const member = z.looseObject({ kid: z.string().min(1).optional(), kty: z.string() });

/**
 * Parses a JSON Web Key Set (RFC 7517). Symmetric keys, keys for encryption, RSA keys below 2,048 bits, other curves and keys
 * whose private half is published are unusable. Throws when the text is not a key set.
 */
export function parseKeySet(text: string): KeySet {
  const members = jwks.parse(JSON.parse(text)).keys.map(readMember);
  return {
    keys: members.flatMap((one) => ('key' in one ? [one] : [])),
    unusable: members.flatMap((one) => ('reason' in one ? [one] : [])),
  };
}

/**
 * Returns the keys that may have signed a token with this header: those with its `kid` or, when there is none, the only key that
 * fits. Without a `kid` in the token that is the only one of its algorithm; otherwise the only one of them without a `kid`.
 */
export function findKeys({ keys }: KeySet, { alg, kid }: { alg: Algorithm; kid: string | undefined }): readonly KeyObject[] {
  const fitting = keys.filter(({ algorithms }) => algorithms.includes(alg));
  const named = kid === undefined ? [] : fitting.filter((key) => key.kid === kid);
  const unnamed = kid === undefined ? fitting : fitting.filter((key) => key.kid === undefined);
  const chosen = named.length > 0 ? named : unnamed.length === 1 ? unnamed : [];
  return chosen.map(({ key }) => key);
}

/** Returns whether a key of the set verifies one of the algorithms. */
export function hasUsableKey({ keys }: KeySet, accepted: readonly Algorithm[]): boolean {
  return keys.some(({ algorithms }) => algorithms.some((name) => accepted.includes(name)));
}

function readMember(value: unknown): PublicKey | KeySet['unusable'][number] {
  const { success, data: jwk } = member.safeParse(value);
  if (!success) return { kid: undefined, reason: 'it is not a JSON Web Key' };
  const { kid, kty, use = 'sig', key_ops: operations, alg } = jwk;
  const unusable = (reason: string) => ({ kid, reason });
  if (kty === 'oct') return unusable('it is symmetric');
  if ('d' in jwk) return unusable('its private half is published');
  if (use !== 'sig') return unusable('it is not for signatures (use)');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return unusable('it is not for verifying (key_ops)');
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return unusable('it cannot be read');
  }
  const possible = algorithmsOf(key);
  if (possible.length === 0) return unusable('it is an RSA key of less than 2,048 bits, or on a curve that is not supported');
  const algorithms = alg === undefined ? possible : possible.filter((name) => name === alg || isSameSignature(name, alg));
  if (algorithms.length === 0) return unusable(`it is for another algorithm than ${ASYMMETRIC.join(', ')}`);
  return { kid, key, algorithms };
}

/** `EdDSA` with this kind of key and `Ed25519` are the same signatures: a set may have the old name and a token the new one. */
function isSameSignature(name: Algorithm, alg: unknown): boolean {
  return (name === 'EdDSA' && alg === 'Ed25519') || (name === 'Ed25519' && alg === 'EdDSA');
}
