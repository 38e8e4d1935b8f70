import type { AcceptedCalls } from '@tidings/database';
import type { TidingsEvent } from '@tidings/events';
import { DELIVERIES_QUEUE } from '@tidings/queue';
import type { Tracing } from '@tidings/runtime/tracing';

/** The span of one call, from when it is made until its commit. Deliveries are parts of it: its `traceparent` goes to the log. */
export function traceAccept<Acceptance extends { status: 'accepted' | 'repeated' }>(
  tracing: Tracing,
  events: readonly TidingsEvent[],
  accept: (traceparent: string) => Promise<Acceptance[]>,
): Promise<Acceptance[]> {
  const [first] = events;
  const one = first !== undefined && events.length === 1;
  const attributes = {
    'tidings.event.count': events.length,
    ...(one ? { 'tidings.event.id': first.id, 'tidings.event.type': first.type } : {}),
  };
  return tracing.run({ name: 'accept', attributes }, async ({ traceparent, set }) => {
    const accepted = await accept(traceparent);
    set({ 'tidings.event.accepted': accepted.filter(({ status }) => status === 'accepted').length });
    return accepted;
  });
}

/** What one traced call has of what is enqueued at once. */
interface Share {
  traceparent: string;
  deliveries: number;
}

/** Of the deliveries of a commit that are to be enqueued, how many are each call's. Calls without any are left out. */
export function sharesOf(
  calls: readonly { events: readonly { id: string }[]; traceparent: string | null }[],
  { accepted, deliveryPositions }: Pick<AcceptedCalls, 'accepted' | 'deliveryPositions'>,
): Share[] {
  const ids = new Map(accepted.map(({ id, position }) => [position, id]));
  const counts = new Map<string, number>();
  for (const position of deliveryPositions) {
    const id = ids.get(position) ?? '';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return calls.flatMap(({ events, traceparent }) => {
    let deliveries = 0;
    for (const { id } of events) {
      deliveries += counts.get(id) ?? 0;
      // An id that two calls have is the event of the first.
      counts.delete(id);
    }
    return traceparent === null || deliveries === 0 ? [] : [{ traceparent, deliveries }];
  });
}

/**
 * A commit enqueues for many calls at once: each gets a span of its own, so that its trace is whole by itself. They begin and
 * end together.
 */
export async function traceEnqueue(tracing: Tracing, shares: readonly Share[], enqueue: () => Promise<void>): Promise<void> {
  const spans = shares.map(({ traceparent, deliveries }) =>
    tracing.begin({
      name: `send ${DELIVERIES_QUEUE}`,
      kind: 'producer',
      parent: traceparent,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': DELIVERIES_QUEUE,
        'messaging.batch.message_count': deliveries,
      },
    }),
  );
  try {
    await enqueue();
  } catch (error) {
    for (const span of spans) span.fail((error as Error).name);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}
