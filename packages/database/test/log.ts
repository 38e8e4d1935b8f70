import { createTestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../src/database.js';
import { acceptEvents, type AcceptedEvent, type NewEvent } from '../src/sql/accept-events.js';
import { claimDeliveries, type ClaimedDelivery } from '../src/sql/claim-deliveries.js';

/** A delivery as the table holds it. */
export interface DeliveryRow {
  id: string;
  event_id: string;
  webhook_id: string;
  user_id: string;
  event_type: string;
  status: string;
  attempt_count: number;
  lease_token: string | null;
  /** Seconds from now, rounded to 5, so that a slow machine changes nothing; null where the column is. */
  next_attempt_in: number | null;
  wake_in: number | null;
  finished: boolean;
}

export interface TestLog {
  pool: Database['pool'];
  /** Empties every table. */
  clear: () => Promise<void>;
  addWebhook: (id: string, options?: { userId?: string; eventTypes?: string[]; enabled?: boolean }) => Promise<void>;
  /** Accepts events; what is left out is `sync.completed` for alice. */
  accept: (...events: Partial<NewEvent>[]) => Promise<AcceptedEvent[]>;
  /** A pending delivery of a new event to a new webhook of alice's. */
  addDelivery: (id?: string) => Promise<string>;
  /** Claims one delivery, which must be possible, for a minute. */
  claim: (id: string) => Promise<ClaimedDelivery>;
  deliveries: () => Promise<DeliveryRow[]>;
  delivery: (id: string) => Promise<DeliveryRow>;
  close: () => Promise<void>;
}

/** The seconds after which the reconciler looks at what `accept` wrote. */
export const WAKE_AFTER_S = 15;

/** A database of this test file's own, with doors for arranging and looking. */
export async function openLog(): Promise<TestLog> {
  const testDatabase = await createTestDatabase();
  const { pool, close } = openDatabase({ url: testDatabase.url });
  let count = 0;

  const accept: TestLog['accept'] = (...events) => {
    const complete = events.map((event) => toEvent(event, (count += 1)));
    return acceptEvents(pool, complete, {
      patterns: new Map(complete.map(({ type }) => [type, ['*', type, `${type.split('.')[0] ?? ''}.*`]])),
      wakeAfterMs: WAKE_AFTER_S * 1000,
    });
  };
  const addWebhook: TestLog['addWebhook'] = async (id, { userId = 'alice', eventTypes = ['*'], enabled = true } = {}) => {
    await pool.query(
      'INSERT INTO webhooks (id, user_id, url, event_types, sealed_secret, enabled) VALUES ($1, $2, $3, $4, $5, $6)',
      [id, userId, `https://example.com/${id}`, eventTypes, Buffer.from(`secret of ${id}`), enabled],
    );
  };
  const deliveries: TestLog['deliveries'] = async () => {
    const { rows } = await pool.query<DeliveryRow>(`
      SELECT id, event_id, webhook_id, user_id, event_type, status::text, attempt_count, lease_token,
        5 * round(extract(epoch FROM next_attempt_at - now()) / 5)::int AS next_attempt_in,
        5 * round(extract(epoch FROM wake_at - now()) / 5)::int AS wake_in, finished_at IS NOT NULL AS finished
      FROM deliveries ORDER BY event_id, webhook_id`);
    return rows;
  };

  return {
    pool,
    async clear() {
      await pool.query('TRUNCATE webhooks, events, deliveries, attempts');
    },
    addWebhook,
    accept,
    async addDelivery(id = `delivered_${String((count += 1))}`) {
      await addWebhook(`wh_${id}`, { eventTypes: [id] });
      const [accepted] = await acceptEvents(pool, [toEvent({ id }, count)], {
        patterns: new Map([['sync.completed', [id]]]),
        wakeAfterMs: WAKE_AFTER_S * 1000,
      });
      return accepted?.deliveryIds[0] ?? '';
    },
    async claim(id) {
      const [claim] = await claimDeliveries(pool, [id], 60_000);
      if (claim?.state !== 'claimed') throw new Error(`${id} could not be claimed.`);
      return claim;
    },
    deliveries,
    async delivery(id) {
      const found = (await deliveries()).find((row) => row.id === id);
      if (!found) throw new Error(`There is no delivery ${id}.`);
      return found;
    },
    async close() {
      await close();
      await testDatabase.drop();
    },
  };
}

function toEvent(event: Partial<NewEvent>, number: number): NewEvent {
  return {
    id: `evt_${String(number)}`,
    type: 'sync.completed',
    userId: 'alice',
    timestamp: '2026-03-01T00:00:00.000Z',
    data: '{}',
    ...event,
  };
}
