import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { derivedEventId } from '@tidings/accept';
import type { TidingsEvent } from '@tidings/events';
import { invalid } from '../problems/problem.js';

const HEADER = 'Idempotency-Key';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Returns the `Idempotency-Key` of the request; undefined without the header. Throws a 400 `Problem` if the key is invalid. */
export function idempotencyKey(request: Pick<Request, 'get'>): string | undefined {
  const key = request.get(HEADER);
  if (key !== undefined && !KEY.test(key)) {
    throw invalid([{ field: HEADER, message: 'must be 1 to 255 visible ASCII characters, and given once' }]);
  }
  return key;
}

/**
 * Returns the SHA-256 digest of a JSON body. It is the same for two texts of the same JSON with the fields in the same order.
 * The order matters as for events: they are compared by the text of their data.
 */
export function digestOf(body: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(body)).digest();
}

/** Derives the id of the event at this index of a request from the owner and the key: the same id for each repetition. */
export function eventIdForKey(owner: string, key: string, index: number): string {
  return derivedEventId('Idempotency-Key', owner, key, String(index));
}

/**
 * Returns the events with derived ids for those that were published without an id. Other events keep their id.
 *
 * @param drafts the events as they were in the request, in the same order
 */
export function withDerivedIds(
  events: readonly TidingsEvent[],
  drafts: readonly unknown[],
  { owner, key }: { owner: string; key: string },
): TidingsEvent[] {
  return events.map((event, index) => {
    const draft = drafts[index] as { id?: string };
    return draft.id === undefined ? { ...event, id: eventIdForKey(owner, key, index) } : event;
  });
}
