import type { AcceptedCalls } from '@tidings/database';
import type { TidingsEvent } from '@tidings/events';
import { DELIVERIES_QUEUE } from '@tidings/queue';
import type { Tracing } from '@tidings/runtime/tracing';

/**
 * Runs `accept` in a span, from the call until the commit. The span's `traceparent` is stored in the log, so that the
 * deliveries of the events belong to the same trace.
 */
export function traceAccept<Acceptance extends { status: 'accepted' | 'repeated' }>(
  tracing: Tracing,
  events: readonly TidingsEvent[],
  accept: (traceparent: string) => Promise<Acceptance[]>,
): Promise<Acceptance[]> {
  const [first] = events;
  const isSingle = first !== undefined && events.length === 1;
  const attributes = {
    'tidings.event.count': events.length,
    ...(isSingle ? { 'tidings.event.id': first.id, 'tidings.event.type': first.type } : {}),
  };
  return tracing.run({ name: 'accept', attributes }, async ({ traceparent, set }) => {
    const accepted = await accept(traceparent);
    set({ 'tidings.event.accepted': accepted.filter(({ status }) => status === 'accepted').length });
    return accepted;
  });
}

/** How many deliveries of one traced call a commit enqueues. */
interface CallDeliveries {
  traceparent: string;
  deliveries: number;
}

/** Counts the deliveries that a commit enqueues for each traced call. Calls without deliveries or without a trace are left out. */
export function deliveriesPerCall(
  calls: readonly { events: readonly { id: string }[]; traceparent: string | null }[],
  { accepted, admitted }: Pick<AcceptedCalls, 'accepted' | 'admitted'>,
): CallDeliveries[] {
  const ids = new Map(accepted.map(({ id, position }) => [position, id]));
  const counts = new Map<string, number>();
  for (const { position } of admitted) {
    const id = ids.get(position) ?? '';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return calls.flatMap(({ events, traceparent }) => {
    let deliveries = 0;
    for (const { id } of events) {
      deliveries += counts.get(id) ?? 0;
      // When two calls have the same id, the event belongs to the first call.
      counts.delete(id);
    }
    return traceparent === null || deliveries === 0 ? [] : [{ traceparent, deliveries }];
  });
}

/**
 * Runs `enqueue`, which enqueues the deliveries of many calls at once, in one span for each call, so that every trace is
 * complete. The spans begin and end together. Throws what `enqueue` throws.
 */
export async function traceEnqueue(
  tracing: Tracing,
  calls: readonly CallDeliveries[],
  enqueue: () => Promise<void>,
): Promise<void> {
  const spans = calls.map(({ traceparent, deliveries }) =>
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
