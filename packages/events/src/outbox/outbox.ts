import { catalog as shippedCatalog, type Catalog, type Publishable } from '../catalog.js';
import type { EventDraft } from '../event.js';
import type { Published } from '../publisher.js';
import { OUTBOX_CHANNEL } from './outbox-table.js';

/** Runs a statement with its parameters (`$1`) within the caller's transaction. What it resolves with is not looked at. */
export type RunStatement = (text: string, values: unknown[]) => PromiseLike<unknown>;

/**
 * The transaction: a client of `pg` (not its pool, whose queries each have a transaction of their own), or a function for any
 * other library. The one statement that it gets has a single parameter, `$1`, a text, and no question mark.
 */
export type OutboxClient = RunStatement | { query: RunStatement; totalCount?: never };

export interface OutboxOptions {
  /** What events are checked against. Default: the catalog of this package. */
  catalog?: Catalog;
  /**
   * Whether the commit wakes the relay (`NOTIFY`). Default true. PostgreSQL lets transactions that notify commit one at
   * a time, and not with `PREPARE TRANSACTION`. With false the relay finds events when it next looks (`pollMs`).
   */
  notify?: boolean;
}

export interface Outbox<Event extends EventDraft = Publishable> {
  /**
   * Checks events and writes them to `tidings.outbox`, all or none, within the client's transaction. They are published if
   * and only if it commits; the answer is what ids they will have.
   *
   * Throws {@link InvalidEventError} with every wrong field, and then has not touched the transaction; the database's
   * error, which aborts the transaction; and an error when the client is a pool of `pg`.
   */
  publish: {
    (client: OutboxClient, event: Event): Promise<Published>;
    (client: OutboxClient, events: readonly Event[]): Promise<Published[]>;
  };
}

/** Publishing as a part of the service's own transaction. `outboxTable` makes the table, and a relay moves on what is in it. */
export function createOutbox<Event extends EventDraft = Publishable>(options: OutboxOptions = {}): Outbox<Event> {
  const { catalog = shippedCatalog, notify = true } = options;
  const statement = insertEvents(notify);

  async function publish(client: OutboxClient, event: Event): Promise<Published>;
  async function publish(client: OutboxClient, events: readonly Event[]): Promise<Published[]>;
  async function publish(client: OutboxClient, input: Event | readonly Event[]): Promise<Published | Published[]> {
    const drafts = Array.isArray(input) ? (input as readonly Event[]) : [input as Event];
    const events = catalog.validate(drafts, Array.isArray(input) ? 'events' : undefined);
    const rows = events.map(({ id, type, timestamp, data }) => ({ id, type, timestamp, data }));
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
 * One parameter, whatever the number of events, so that every library can pass it on. It is a text until the database has
 * it: some libraries would render a parameter of type json once more.
 */
function insertEvents(notify: boolean): string {
  return `
    ${notify ? `WITH told AS MATERIALIZED (SELECT pg_notify('${OUTBOX_CHANNEL}', ''))` : ''}
    INSERT INTO tidings.outbox (id, type, timestamp, data)
    SELECT event->>'id', event->>'type', (event->>'timestamp')::timestamptz, (event->>'data')::json
    FROM ${notify ? 'told, ' : ''}json_array_elements(CAST($1 AS text)::json) WITH ORDINALITY AS published (event, number)
    ORDER BY number`;
}
