import { createTestDatabase, eventually } from '@tidings/testing';
import { openDatabase, type Database } from '../src/database.js';
import { acceptEvents, type AcceptedCalls, type AcceptedEvent, type NewEvent } from '../src/sql/accept-events.js';
import { claimDeliveries, type ClaimedDelivery } from '../src/sql/claim-deliveries.js';

/** A delivery as the log and, until it ends, `pending_deliveries` hold it. */
export interface DeliveryRow {
  id: string;
  event_id: string;
  webhook_id: string;
  owner: string;
  event_type: string;
  status: string;
  /** Null, like the other columns of `pending_deliveries`, when it has ended. */
  stage: string | null;
  priority: number | null;
  attempt_count: number;
  lease_token: string | null;
  ended: boolean | null;
  again: boolean | null;
  leased_for: number | null;
  /** Seconds from now, rounded to 5, so that a slow machine makes no difference; null where the column is null. */
  next_attempt_in: number | null;
  wake_in: number | null;
  finished: boolean;
}

/** The health of a webhook, from its row. Seconds are rounded as above. */
export interface HealthRow {
  enabled: boolean;
  disabled_reason: string | null;
  disabled_ago: number | null;
  unreachable_count: number;
  circuit_opened_ago: number | null;
  circuit_probe_in: number | null;
  failing_ago: number | null;
}

/** Columns of a webhook that differ from the defaults. */
export interface WebhookOptions {
  owner?: string;
  eventTypes?: string[];
  enabled?: boolean;
  disabledReason?: 'failing' | 'gone' | 'operator' | null;
  maxInFlight?: number;
  rateLimit?: number | null;
  ordering?: 'unordered' | 'fifo';
}

/** A database for one test file, with functions that arrange and read its rows. */
export interface TestLog {
  url: string;
  pool: Database['pool'];
  /** Deletes all rows. */
  clear: () => Promise<void>;
  addWebhook: (id: string, options?: WebhookOptions) => Promise<void>;
  /** Accepts events in one call. Default of each event: a `sync.completed` for alice. */
  accept: (...events: Partial<NewEvent>[]) => Promise<AcceptedEvent[]>;
  /** Accepts several calls in one commit. */
  acceptCalls: (...calls: Partial<NewEvent>[][]) => Promise<AcceptedCalls>;
  /** Adds a webhook of alice with one pending delivery, and returns the delivery's id. */
  addDelivery: (id?: string, options?: WebhookOptions) => Promise<string>;
  /** Adds a webhook of alice with so many pending deliveries, and returns their ids in the order of the log. */
  addDeliveries: (count: number, options?: WebhookOptions) => Promise<string[]>;
  /** Claims one delivery for a minute; throws if that is not possible. */
  claim: (id: string) => Promise<ClaimedDelivery>;
  deliveries: () => Promise<DeliveryRow[]>;
  delivery: (id: string) => Promise<DeliveryRow>;
  health: (webhookId: string) => Promise<HealthRow | undefined>;
  /** Runs `work` while another transaction holds the locks that a statement takes. The statement is rolled back. */
  whileHeld: <T>(statement: string, values: readonly unknown[], work: () => Promise<T>) => Promise<T>;
  /** Waits until so many connections wait for a lock. */
  lockWaits: (connections: number) => Promise<void>;
  /** Moves all recorded times into the past by so many seconds. */
  pass: (seconds: number) => Promise<void>;
  close: () => Promise<void>;
}

/** Seconds until the wake time of deliveries that `accept` writes. */
export const WAKE_AFTER_S = 15;

/** Creates a database for a test file. */
export async function openLog(): Promise<TestLog> {
  const testDatabase = await createTestDatabase();
  // Queries of a test wait in line for a connection, however busy the machine is.
  const { pool, close } = openDatabase({ url: testDatabase.url, connectTimeoutMs: 60_000 });
  let count = 0;

  const acceptCalls: TestLog['acceptCalls'] = (...calls) => {
    const complete = calls.map((events) => events.map((event) => toEvent(event, (count += 1))));
    return acceptEvents(pool, complete, {
      patterns: new Map(complete.flat().map(({ type }) => [type, ['*', type, `${type.split('.')[0] ?? ''}.*`]])),
      wakeAfterMs: WAKE_AFTER_S * 1000,
    });
  };
  const addWebhook: TestLog['addWebhook'] = async (id, options = {}) => {
    const { owner = 'alice', eventTypes = ['*'], enabled = true, disabledReason = null } = options;
    const { maxInFlight = 10, rateLimit = null, ordering = 'unordered' } = options;
    await pool.query(
      `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, enabled, disabled_reason, max_in_flight, rate_limit, ordering)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        id,
        owner,
        `https://example.com/${id}`,
        eventTypes,
        Buffer.from(`secret of ${id}`),
        enabled,
        disabledReason,
        maxInFlight,
        rateLimit,
        ordering,
      ],
    );
  };
  const addFor = async (id: string, events: Partial<NewEvent>[], options: WebhookOptions) => {
    await addWebhook(`wh_${id}`, { ...options, eventTypes: [id] });
    await acceptEvents(pool, [events.map((event) => toEvent(event, (count += 1)))], {
      patterns: new Map([['sync.completed', [id]]]),
      wakeAfterMs: WAKE_AFTER_S * 1000,
    });
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM deliveries WHERE webhook_id = $1 ORDER BY event_position', [
      `wh_${id}`,
    ]);
    return rows.map((row) => row.id);
  };
  const deliveries: TestLog['deliveries'] = async () => {
    const { rows } = await pool.query<DeliveryRow>(`
      SELECT id, event_id, deliveries.webhook_id, owner, event_type, status::text, stage::text, priority,
        coalesce(pending.attempt_count, deliveries.attempt_count) AS attempt_count, lease_token, ended, again,
        5 * round(extract(epoch FROM leased_until - now()) / 5)::int AS leased_for,
        5 * round(extract(epoch FROM next_attempt_at - now()) / 5)::int AS next_attempt_in,
        5 * round(extract(epoch FROM wake_at - now()) / 5)::int AS wake_in, finished_at IS NOT NULL AS finished
      FROM deliveries LEFT JOIN pending_deliveries AS pending ON delivery_id = id ORDER BY event_id, deliveries.webhook_id`);
    return rows;
  };

  return {
    url: testDatabase.url,
    pool,
    async clear() {
      await pool.query(`TRUNCATE webhooks, subscriptions, cancellations, events, expansions, deliveries, pending_deliveries, line_starts,
        expiry_notices, verifications, replays, attempts, periodic_tasks, idempotency_keys, owner_settings, audit_log, webhook_hours,
        revocations`);
      await pool.query(`UPDATE counted_hours SET hour = floor(extract(epoch FROM now()) / 3600), cursor = ''`);
      await pool.query('UPDATE delivery_pause SET paused_at = NULL, paused_by = NULL');
    },
    addWebhook,
    acceptCalls,
    async accept(...events) {
      const { accepted, conflicts } = await acceptCalls(events);
      if (conflicts.size > 0) throw new Error('The log already has one of these ids for another event.');
      return accepted;
    },
    async addDelivery(id = `delivered_${String((count += 1))}`, options = {}) {
      return (await addFor(id, [{ id }], options))[0] ?? '';
    },
    addDeliveries: (number, options = {}) =>
      addFor(
        `delivered_${String((count += 1))}`,
        Array.from({ length: number }, () => ({})),
        options,
      ),
    async claim(id) {
      const [claim] = await claimDeliveries(pool, [id], { leaseMs: 60_000, wakeAfterMs: WAKE_AFTER_S * 1000 });
      if (claim?.state !== 'claimed') throw new Error(`${id} could not be claimed.`);
      return claim;
    },
    deliveries,
    async delivery(id) {
      const found = (await deliveries()).find((row) => row.id === id);
      if (!found) throw new Error(`There is no delivery ${id}.`);
      return found;
    },
    async health(webhookId) {
      const { rows } = await pool.query<HealthRow>(
        `SELECT enabled, disabled_reason::text, unreachable_count,
           5 * round(extract(epoch FROM now() - disabled_at) / 5)::int AS disabled_ago,
           5 * round(extract(epoch FROM now() - circuit_opened_at) / 5)::int AS circuit_opened_ago,
           5 * round(extract(epoch FROM circuit_probe_at - now()) / 5)::int AS circuit_probe_in,
           5 * round(extract(epoch FROM now() - failing_since) / 5)::int AS failing_ago
         FROM webhooks WHERE id = $1`,
        [webhookId],
      );
      return rows[0];
    },
    async whileHeld(statement, values, work) {
      const holder = await pool.connect();
      try {
        await holder.query('BEGIN');
        await holder.query(statement, [...values]);
        return await work();
      } finally {
        await holder.query('ROLLBACK');
        holder.release();
      }
    },
    lockWaits: (connections) =>
      eventually(async () => {
        const { rowCount } = await pool.query(
          "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        );
        if (rowCount !== connections) throw new Error(`${String(rowCount)} connections wait for a lock.`);
      }),
    async pass(seconds) {
      await pool.query(
        `UPDATE pending_deliveries SET next_attempt_at = next_attempt_at - make_interval(secs => $1),
           first_attempt_at = first_attempt_at - make_interval(secs => $1), wake_at = wake_at - make_interval(secs => $1), leased_until = leased_until - make_interval(secs => $1)`,
        [seconds],
      );
      await pool.query(
        `UPDATE webhooks SET circuit_opened_at = circuit_opened_at - make_interval(secs => $1),
           circuit_probe_at = circuit_probe_at - make_interval(secs => $1), rate_next_at = rate_next_at - make_interval(secs => $1),
           throttled_until = throttled_until - make_interval(secs => $1), slowed_at = slowed_at - make_interval(secs => $1),
           failing_since = failing_since - make_interval(secs => $1)`,
        [seconds],
      );
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
    owner: 'alice',
    timestamp: '2026-03-01T00:00:00.000Z',
    data: '{}',
    ...event,
  };
}
