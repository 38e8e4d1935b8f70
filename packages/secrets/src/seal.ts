import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A 32-byte key. Each sealed text names its key by the id, so that keys can be changed. */
export interface SealKey {
  id: string;
  key: Buffer;
}

/** Seals texts for the database and opens them. */
export interface Seal {
  /** Encrypts `text`. It opens only with the same `context`, which names its row and column: see {@link sealedFor}. */
  seal: (text: string, context: string) => Buffer;
  /** Decrypts. Throws when the key is unknown, or when the bytes were changed or sealed for another context. */
  open: (sealed: Uint8Array, context: string) => string;
}

/** The contexts of a webhook's sealed columns, and of the answer to its registration. */
export const sealedFor = {
  secret: (webhookId: string): string => `${webhookId}/secret`,
  previousSecrets: (webhookId: string): string => `${webhookId}/previous_secrets`,
  headers: (webhookId: string, origin: string): string => `${webhookId}/headers/${origin}`,
  /** Of headers that were sealed before November 2026. */
  headersOfAnyOrigin: (webhookId: string): string => `${webhookId}/headers`,
  registration: (webhookId: string): string => `${webhookId}/registration`,
};

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The fewest different bytes of a random key: 32 random bytes have fewer in one of 10¹⁵ keys. */
const MIN_DIFFERENT_BYTES = 16;
const KEY_ID = /^[a-z0-9_-]{1,32}$/i;

/**
 * Creates a seal with AES-256-GCM. The layout of a sealed text is: length of the key id, key id, 12-byte nonce, 16-byte tag,
 * ciphertext. The context (row id and column) is authenticated, so that a sealed text copied to another row does not open (I8).
 *
 * @param keys the first one seals, all of them open; throws when there is none
 */
export function createSeal(keys: readonly SealKey[]): Seal {
  const [current] = keys;
  if (!current) throw new Error('Sealing needs at least one key.');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  return {
    seal(text, context) {
      const keyId = Buffer.from(current.id);
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, iv).setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([keyId.length]), keyId, iv, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      const keyId = sealedWith(bytes);
      let offset = 1 + Buffer.byteLength(keyId);
      const key = byId.get(keyId);
      if (!key) throw new Error(`Sealed with the key "${keyId}", which SECRETS_KEYS does not hold.`);
      const iv = bytes.subarray(offset, (offset += IV_BYTES));
      const tag = bytes.subarray(offset, (offset += TAG_BYTES));
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
      const text = decipher.update(bytes.subarray(offset));
      try {
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch (cause) {
        const reason = 'it was sealed with another key of that name, was changed, or belongs to another row';
        throw new Error(`Does not open with the key "${keyId}": ${reason}.`, { cause });
      }
    },
  };
}

/** Returns the id of the key that sealed a text. */
export function sealedWith(sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed);
  return bytes.toString('utf8', 1, 1 + bytes.readUInt8(0));
}

/** Whether bytes have the layout of a sealed text, whichever key it was sealed with. */
export function isSealed(bytes: Uint8Array): boolean {
  const idBytes = bytes[0] ?? 0;
  return bytes.length >= 1 + idBytes + IV_BYTES + TAG_BYTES && KEY_ID.test(sealedWith(bytes));
}

/** Whether a key was probably typed: it has few different bytes, or only printable ones, as one of 10¹³ random keys has. */
function isGuessable(key: Buffer): boolean {
  return new Set(key).size < MIN_DIFFERENT_BYTES || key.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/**
 * Parses `SECRETS_KEYS`: one or more `id:base64key`, separated by commas. The first key seals, and must be random. Throws an
 * error that names the wrong entry, without repeating a key.
 */
export function parseSealKeys(text: string): SealKey[] {
  const keys = text.split(',').map((entry, index) => {
    const where = `entry ${String(index + 1)}`;
    const [id = '', base64 = '', ...rest] = entry.trim().split(':');
    if (!KEY_ID.test(id) || rest.length > 0) {
      throw new Error(`${where} is not "id:base64key", with an id of letters, digits, "-" and "_"`);
    }
    const key = Buffer.from(base64, 'base64');
    if (key.length !== 32) {
      throw new Error(`${where} ("${id}") is ${String(key.length)} bytes long, not 32: make one with "openssl rand -base64 32"`);
    }
    if (index === 0 && isGuessable(key)) {
      throw new Error(`${where} ("${id}") is not random: make one with "openssl rand -base64 32"`);
    }
    return { id, key };
  });
  const [duplicate] = keys.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index);
  // A text sealed with the first key would be opened with the second.
  if (duplicate !== undefined) throw new Error(`two keys have the id "${duplicate}": give each key another id`);
  return keys;
}
