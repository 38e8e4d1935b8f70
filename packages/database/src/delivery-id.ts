/** What ids of deliveries are compared by: the first 48 bits of a UUIDv7 are milliseconds since 1970. */
const DIGITS = 12;
const NEWEST_MS = 2 ** 48 - 1;

/**
 * The lowest delivery id of a millisecond, as `delivery_id_floor` in PostgreSQL has it: deliveries of before that time
 * have lower ids. With it a span of time is a range of the index, and the partitions outside are not looked into.
 */
export function deliveryIdFloor(at: Date): string {
  const digits = Math.min(Math.max(at.getTime(), 0), NEWEST_MS).toString(16).padStart(DIGITS, '0');
  return `dlv_${digits.slice(0, 8)}-${digits.slice(8)}`;
}

/** When a delivery was made, by the clock of PostgreSQL, in milliseconds since 1970: its event was accepted then. */
export function deliveryCreatedAt(id: string): number {
  return Number.parseInt(id.slice(4, 12) + id.slice(13, 17), 16);
}
