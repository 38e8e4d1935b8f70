import { createHash } from 'node:crypto';

/**
 * Returns an event id that is always the same for the same parts: `evt_` and a UUIDv8 (RFC 9562, 5.8) of their SHA-256. Code
 * that may accept the same event again after a crash uses it, so that the repetition stays one event.
 */
export function derivedEventId(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `evt_${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
