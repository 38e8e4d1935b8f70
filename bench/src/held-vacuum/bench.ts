import pg from 'pg';
import { addWebhooks } from '../add-webhooks.js';
import { startMeasuredTidings, startReceiver } from '../measured-tidings.js';
import { report, type Measured, type Report } from '../report.js';
import { withServers, type BenchOptions, type Servers } from '../servers.js';

const CONCURRENCY = 100;
const DELIVERIES = 5000;
/** How long the transaction is open, in minutes. */
const MINUTES = 10;

/**
 * Measures deliveries per second while a transaction stays open for ten minutes, as a backup does: vacuum removes no row that
 * it may still see, and every delivery leaves some. Once with the deliveries of a hundred webhooks, once with those of one. The
 * rows are the last two minutes, the first two, and before it.
 */
export async function benchHeldVacuum(_rounds: number, options: BenchOptions): Promise<Report> {
  const measured: Measured[] = [];
  for (const webhooks of [100, 1]) measured.push(...(await withServers((servers) => measureHeld(servers, webhooks), options)));
  return report('Throughput while a transaction is open for ten minutes', 'deliveries/s', measured);
}

async function measureHeld(servers: Servers, webhooks: number): Promise<Measured[]> {
  const receiver = await startReceiver(servers);
  const tidings = await startMeasuredTidings(servers, { env: { WORKER_CONCURRENCY: String(CONCURRENCY) } });
  const owner = (number: number) => `held-${String(number % webhooks)}`;
  await addWebhooks(
    tidings.sql,
    Array.from({ length: webhooks }, (_, index) => ({
      id: `wh_held_${String(index)}`,
      owner: owner(index),
      url: receiver.url,
      maxInFlight: webhooks === 1 ? CONCURRENCY : 10,
      eventTypes: ['sync.completed'],
    })),
  );
  const events = Array.from({ length: DELIVERIES }, (_, index) => ({
    type: 'sync.completed',
    data: { user_id: owner(index), items_synced: 1, errors: 0, duration_s: 1.5 },
  }));
  /** Delivers for so many minutes, and returns the rate of each round. */
  const measure = async (minutes: number): Promise<number[]> => {
    const rates: number[] = [];
    const endsAt = performance.now() + minutes * 60_000;
    while (performance.now() < endsAt) {
      const startedAt = performance.now();
      await tidings.deliver(events, DELIVERIES, receiver);
      rates.push(DELIVERIES / ((performance.now() - startedAt) / 1000));
    }
    return rates;
  };

  await measure(0.5);
  const row = (when: string, rates: number[]): Measured => {
    const name = `${String(webhooks)} webhooks, ${when}`;
    console.error(`  ${name}: ${rates.map((rate) => rate.toFixed(0)).join(', ')}`);
    return { name, rates, cpuUs: {} };
  };
  const before = row('before', await measure(1));
  const backup = new pg.Client({ connectionString: servers.databaseUrl });
  await backup.connect();
  servers.addCleanup(() => backup.end());
  await backup.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await backup.query('SELECT count(*) FROM webhooks');
  const first = row('in its first two minutes', await measure(2));
  row('between', await measure(MINUTES - 4));
  const last = row('in its last two minutes', await measure(2));
  const { rows } = await tidings.sql.query<{ bytes: string }>(
    "SELECT pg_size_pretty(pg_total_relation_size('pending_deliveries')) AS bytes",
  );
  last.notes = `pending_deliveries takes ${rows[0]?.bytes ?? ''}`;
  return [last, first, before];
}
