import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createOutbox, createOutboxRelay, createPublisher, outboxTable, publishOverHttp, type EventDraft } from '@tidings/events';
import type { EventInput } from './generator.js';
import { nowMs, type Ledger, type PublishedEvent } from './ledger.js';
import type { Random } from './random.js';
import type { ScenarioContext } from './scenario.js';
import { query } from './servers.js';
import type { System } from './system.js';

/** Publishes events as a service of the platform does. */
export interface ServicePublisher {
  publish: (inputs: readonly EventInput[]) => Promise<void>;
}

/** A service that publishes with the package, over the queue `events`. The cleanup closes it. */
export function publishOverQueue({ cleanup }: ScenarioContext, { ledger, redis, prefix }: System): ServicePublisher {
  const publisher = createPublisher<EventDraft>({ redis: redis.url, prefix });
  cleanup.add(() => publisher.close());
  return {
    async publish(inputs) {
      const drafts = register(ledger, inputs);
      await publisher.publish(drafts);
      settle(ledger, drafts, 'accepted');
    },
  };
}

/** The share of transactions that are rolled back, and of those with a savepoint that is. */
const ROLLED_BACK = 0.3;

/** A service that publishes within its own transactions, and rolls back some of them. A relay sends the events over HTTP. */
export async function publishWithinTransactions(
  { cleanup, random }: ScenarioContext,
  { ledger, databaseUrl, processes }: System,
): Promise<ServicePublisher & { waitUntilEmpty: () => Promise<void> }> {
  const service = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  service.on('error', () => undefined);
  cleanup.add(() => service.end());
  await service.query(outboxTable());
  const outbox = createOutbox<EventDraft>();
  const token = processes.token('service', 'events:publish');
  const relay = createOutboxRelay<EventDraft>({
    connect: async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      return client;
    },
    publish: (events) => publishOverHttp({ url: processes.url(), token })(events),
    log: { warn: () => undefined, error: () => undefined },
    pollMs: 200,
    maxRetryMs: 1000,
  });
  relay.start();
  cleanup.add(() => relay.stop());

  return {
    async publish(inputs) {
      const client = await service.connect();
      try {
        const drafts = register(ledger, inputs);
        await client.query('BEGIN');
        await outbox.publish(client, drafts);
        await publishAndReturnToSavepoint(client, outbox, ledger, random, inputs);
        const isRolledBack = random.chance(ROLLED_BACK);
        await client.query(isRolledBack ? 'ROLLBACK' : 'COMMIT');
        settle(ledger, drafts, isRolledBack ? 'withdrawn' : 'accepted');
      } finally {
        client.release();
      }
    },
    async waitUntilEmpty() {
      for (;;) {
        const [row] = await query<{ count: string }>(databaseUrl, 'SELECT count(*) FROM tidings.outbox');
        if (Number(row?.count) === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

/** Publishes the same events with other ids in a savepoint, and rolls back to it. */
async function publishAndReturnToSavepoint(
  client: pg.PoolClient,
  outbox: ReturnType<typeof createOutbox<EventDraft>>,
  ledger: Ledger,
  random: Random,
  inputs: readonly EventInput[],
): Promise<void> {
  if (!random.chance(ROLLED_BACK)) return;
  const drafts = register(ledger, inputs);
  await client.query('SAVEPOINT more');
  await outbox.publish(client, drafts);
  await client.query('ROLLBACK TO SAVEPOINT more');
  settle(ledger, drafts, 'withdrawn');
}

function register(ledger: Ledger, inputs: readonly EventInput[]): (EventDraft & { id: string })[] {
  return inputs.map(({ type, owner, data }) => {
    const id = `evt_${randomUUID()}`;
    ledger.events.set(id, { id, type, owner, publication: 'unsure', atMs: nowMs() });
    return { id, type, data };
  });
}

function settle(ledger: Ledger, drafts: readonly { id: string }[], publication: PublishedEvent['publication']): void {
  for (const { id } of drafts) (ledger.events.get(id) as PublishedEvent).publication = publication;
}

/**
 * Writes to the ledger when events were accepted, by the clock of PostgreSQL, which is that of this machine.
 *
 * @param withinMs the longest time from the beginning of the accepting transaction to its commit
 */
export async function noteAcceptance({ databaseUrl, ledger }: System, withinMs: number): Promise<void> {
  const rows = await query<{ id: string; at: number }>(
    databaseUrl,
    'SELECT id, (extract(epoch FROM accepted_at) * 1000)::float8 AS at FROM events',
  );
  for (const { id, at } of rows) {
    const event = ledger.events.get(id);
    if (event) event.acceptedByMs ??= at - performance.timeOrigin + withinMs;
  }
}
