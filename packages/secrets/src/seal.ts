import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A 32-byte key and the name that a sealed text carries, so that keys can be changed. */
export interface SealKey {
  id: string;
  key: Buffer;
}

export interface Seal {
  /** Encrypts `text` for the row that `owner` names. */
  seal: (text: string, owner: string) => Buffer;
  /** Decrypts. Throws when the key is unknown, or when the bytes were changed or belong to another row. */
  open: (sealed: Uint8Array, owner: string) => string;
}

/** The owners that a webhook's sealed columns are sealed for. */
export const sealedFor = {
  secret: (webhookId: string): string => `${webhookId}/secret`,
  previousSecrets: (webhookId: string): string => `${webhookId}/previous_secrets`,
  headers: (webhookId: string): string => `${webhookId}/headers`,
};

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** 32 random bytes have fewer once in 10¹⁵ keys. */
const LEAST_DIFFERENT_BYTES = 16;
const KEY_ID = /^[a-z0-9_-]{1,32}$/i;

/**
 * AES-256-GCM. The layout is: length of the key id, key id, 12-byte nonce, 16-byte tag, ciphertext. The owner (the
 * row's id and column) is authenticated with it, so that a sealed text copied to another row does not open (I8).
 *
 * @param keys the first one seals, all of them open
 */
export function createSeal(keys: readonly SealKey[]): Seal {
  const [current] = keys;
  if (!current) throw new Error('Sealing needs at least one key.');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  return {
    seal(text, owner) {
      const keyId = Buffer.from(current.id);
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, iv).setAAD(Buffer.from(owner));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([keyId.length]), keyId, iv, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, owner) {
      const bytes = Buffer.from(sealed);
      const keyId = sealedWith(bytes);
      let offset = 1 + Buffer.byteLength(keyId);
      const key = byId.get(keyId);
      if (!key) throw new Error(`Sealed with the key "${keyId}", which SECRETS_KEYS does not hold.`);
      const iv = bytes.subarray(offset, (offset += IV_BYTES));
      const tag = bytes.subarray(offset, (offset += TAG_BYTES));
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(owner)).setAuthTag(tag);
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

/** The id of the key that sealed it. */
export function sealedWith(sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed);
  return bytes.toString('utf8', 1, 1 + bytes.readUInt8(0));
}

/** Fewer different bytes than random ones have, as in an example, or a text that somebody typed (once in 10¹³ random keys). */
function isGuessable(key: Buffer): boolean {
  return new Set(key).size < LEAST_DIFFERENT_BYTES || key.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/**
 * Reads `SECRETS_KEYS`: `id:base64key`, several with commas between, the first one seals, and has to be random. Throws an
 * error that says which entry is wrong; the keys themselves are never repeated in it.
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
  const [twice] = keys.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index);
  // What the first one seals the other one would not open.
  if (twice !== undefined) throw new Error(`two keys have the id "${twice}": another key needs another id`);
  return keys;
}
