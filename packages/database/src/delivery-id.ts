/** Hexadecimal digits of the time in an id: the first 48 bits of a UUIDv7 are milliseconds since 1970. */
const DIGITS = 12;
const NEWEST_MS = 2 ** 48 - 1;
const DELIVERY_ID = /^dlv_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Returns whether a value has the form of a delivery id. Check each id that comes from Redis: one parameter that PostgreSQL
 * cannot read, such as a text with a NUL, fails the whole statement, with all deliveries that share it.
 */
export function isDeliveryId(value: unknown): value is string {
  return typeof value === 'string' && DELIVERY_ID.test(value);
}

/**
 * Returns the lowest delivery id of a millisecond, as `delivery_id_floor` in PostgreSQL does: older deliveries have lower
 * ids. With it a span of time is a range of the index, and PostgreSQL skips the partitions outside.
 */
export function deliveryIdFloor(at: Date): string {
  const digits = Math.min(Math.max(at.getTime(), 0), NEWEST_MS).toString(16).padStart(DIGITS, '0');
  return `dlv_${digits.slice(0, 8)}-${digits.slice(8)}`;
}

/** Returns when the event of a delivery was accepted, by PostgreSQL's clock, in milliseconds since 1970. */
export function deliveryCreatedAt(id: string): number {
  return Number.parseInt(id.slice(4, 12) + id.slice(13, 17), 16);
}
