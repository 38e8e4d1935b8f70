import { catalog as shippedCatalog, type Catalog, type Publishable } from '../catalog.js';
import type { EventDraft } from '../event.js';
import type { Published } from '../published.js';
import { OUTBOX_CHANNEL, typeColumn } from './outbox-table.js';

/** Runs a statement with its parameters (`$1`) within the caller's transaction. Its result is ignored. */
export type RunStatement = (text: string, values: unknown[]) => PromiseLike<unknown>;

/**
 * The client of the transaction: a client of `pg` (not its pool, whose queries run in separate transactions), or a function for
 * any other library. It runs one statement, with a single parameter `$1`, a text, and without question marks.
 */
export type OutboxClient = RunStatement | { query: RunStatement; totalCount?: never };

/** The options of {@link createOutbox}. */
export interface OutboxOptions<Event extends EventDraft = EventDraft> {
  /** The catalog that validates events, and whose events may be published. Default: the catalog of this package. */
  catalog?: Catalog<Event>;
  /**
   * Whether the commit wakes the relay (`NOTIFY`). Default true. Transactions that notify commit one at a time in PostgreSQL,
   * and cannot use `PREPARE TRANSACTION`. With false the relay finds the events at its next poll (`pollMs`).
   */
  notify?: boolean;
}

/** Publishes events within transactions of the service's own database. */
export interface Outbox<Event extends EventDraft = Publishable> {
  /**
   * Validates events and writes them to `tidings.outbox`, all or none, within the client's transaction. They are published if
   * and only if the transaction commits. Resolves to their ids.
   *
   * Throws an {@link InvalidEventError} with every wrong field, before it uses the transaction; the database's error, which
   * aborts the transaction; and an error when the client is a pool of `pg`.
   */
  publish: {
    (client: OutboxClient, event: Event): Promise<Published>;
    (client: OutboxClient, events: readonly Event[]): Promise<Published[]>;
  };
}

/**
 * Creates an outbox, with which a service publishes within its own transactions. {@link outboxTable} creates its table; a relay
 * moves the events to Tidings.
 */
export function createOutbox<Event extends EventDraft = Publishable>(options: OutboxOptions<Event> = {}): Outbox<Event> {
  const { notify = true } = options;
  const catalog: Catalog = options.catalog ?? shippedCatalog;
  const statement = insertEvents(notify);

  async function publish(client: OutboxClient, event: Event): Promise<Published>;
  async function publish(client: OutboxClient, events: readonly Event[]): Promise<Published[]>;
  async function publish(client: OutboxClient, input: Event | readonly Event[]): Promise<Published | Published[]> {
    const drafts = Array.isArray(input) ? (input as readonly Event[]) : [input as Event];
    const events = catalog.validate(drafts, Array.isArray(input) ? 'events' : undefined);
    const rows = events.map(({ id, type, version, timestamp, data }) => ({
      id,
      type: typeColumn(type, version),
      timestamp,
      data,
    }));
    if (rows.length > 0) await run(client, statement, [JSON.stringify(rows)]);
    const published = events.map(({ id }) => ({ id }));
    return Array.isArray(input) ? published : (published[0] as Published);
  }

  return { publish };
}

function run(client: OutboxClient, text: string, values: unknown[]): PromiseLike<unknown> {
  if (typeof client === 'function') return client(text, values);
  if ('totalCount' in client) {
    throw new Error(
      'outbox.publish was given a pool: its queries are not part of your transaction. Give it the client from pool.connect().',
    );
  }
  return client.query(text, values);
}

/**
 * The statement has one parameter for any number of events, so that every library can run it. The parameter is a text that the
 * database casts: some libraries would encode a parameter of type json a second time.
 */
function insertEvents(notify: boolean): string {
  return `
    ${notify ? `WITH notified AS MATERIALIZED (SELECT pg_notify('${OUTBOX_CHANNEL}', ''))` : ''}
    INSERT INTO tidings.outbox (id, type, timestamp, data)
    SELECT event->>'id', event->>'type', (event->>'timestamp')::timestamptz, (event->>'data')::json
    FROM ${notify ? 'notified, ' : ''}json_array_elements(CAST($1 AS text)::json) WITH ORDINALITY AS published (event, number)
    ORDER BY number`;
}
