import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { derivedEventId } from '@tidings/accept';
import type { TidingsEvent } from '@tidings/events';
import { invalid } from '../problems/problem.js';

const HEADER = 'Idempotency-Key';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The caller's key, or undefined without the header. Throws a 400 when it is none. */
export function idempotencyKey(request: Pick<Request, 'get'>): string | undefined {
  const key = request.get(HEADER);
  if (key !== undefined && !KEY.test(key)) {
    throw invalid([{ field: HEADER, message: 'must be 1 to 255 visible ASCII characters, and given once' }]);
  }
  return key;
}

/**
 * Says the same for two bodies that are the same JSON with the fields in the same order: events are compared so too, since
 * their data is kept as the text that it came as.
 */
export function digestOf(body: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(body)).digest();
}

/** The id of the event at this place under a user's key: the same at every repeat. */
export function idUnderKey(owner: string, key: string, index: number): string {
  return derivedEventId('Idempotency-Key', owner, key, String(index));
}

/**
 * Gives the events that were published without an id the ones that follow from the key.
 *
 * @param drafts what the events were made of, in the same order
 */
export function withDerivedIds(
  events: readonly TidingsEvent[],
  drafts: readonly unknown[],
  { owner, key }: { owner: string; key: string },
): TidingsEvent[] {
  return events.map((event, index) => {
    const draft = drafts[index] as { id?: string };
    return draft.id === undefined ? { ...event, id: idUnderKey(owner, key, index) } : event;
  });
}
