import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import pg from 'pg';
import { startApp } from '@tidings/local';
import { connectRedis, DELIVERIES_QUEUE } from '@tidings/queue';
import { startCpuMeasurement } from '../cpu.js';
import { report, type Measured, type Report } from '../report.js';
import { withServers, type BenchOptions } from '../servers.js';

const PREFIX = '{tidings}';
const DELIVERIES = 100_000;
const WEBHOOKS = 10_000;

/**
 * Measures how fast the reconciler of one worker restores the jobs of an empty Redis: 100,000 deliveries of 10,000 webhooks
 * that wait for a retry, from their wake time to the last job.
 */
export async function benchRecovery(rounds: number, options: BenchOptions): Promise<Report> {
  return withServers(async ({ databaseUrl, redisUrl, redisPid, addCleanup }) => {
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    addCleanup(() => sql.end());
    const firstId = await seed(sql);

    const worker = startApp('worker', {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        REDIS_PREFIX: PREFIX,
        SECRETS_KEYS: `bench:${randomBytes(32).toString('base64')}`,
        LOG_LEVEL: 'warn',
        LOG_FORMAT: 'json',
      },
    });
    addCleanup(() => worker.stop());
    const connection = connectRedis(redisUrl, 'worker', () => undefined);
    const queue = new Queue(DELIVERIES_QUEUE, { connection, prefix: PREFIX });
    addCleanup(async () => {
      await queue.close();
      connection.disconnect();
    });

    const restored: Measured = { name: 'enqueued again after FLUSHALL', rates: [], cpuUs: {} };
    for (let round = 0; round < rounds; round += 1) {
      await connection.flushall();
      const cpu = startCpuMeasurement({ worker: worker.pid, redis: redisPid });
      const startedAt = performance.now();
      await sql.query("UPDATE pending_deliveries SET stage = 'backoff', wake_at = now() WHERE delivery_id >= $1", [firstId]);
      const seededAt = performance.now();
      while ((await queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized')) < DELIVERIES) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      restored.rates.push(DELIVERIES / ((performance.now() - seededAt) / 1000));
      for (const [name, cost] of Object.entries(cpu(DELIVERIES))) (restored.cpuUs[name] ??= []).push(cost);
      console.error(
        `  round ${String(round + 1)}: ${((performance.now() - seededAt) / 1000).toFixed(1)} s (and ${((seededAt - startedAt) / 1000).toFixed(1)} s to set up)`,
      );
    }
    return report(`${String(DELIVERIES)} pending deliveries of ${String(WEBHOOKS)} webhooks`, 'deliveries/s', [restored]);
  }, options);
}

/** Inserts retries that are due in an hour, so that only the reconciler has work. No id of theirs is lower than the result. */
async function seed(sql: pg.Client): Promise<string> {
  const { rows } = await sql.query<{ id: string }>('SELECT delivery_id_floor(now()) AS id');
  await sql.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
     SELECT 'wh_' || n, 'user_' || n, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, $1::int) AS n`,
    [WEBHOOKS],
  );
  await sql.query(
    `WITH logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, created_at)
       SELECT new_delivery_id(now()), 'evt_' || n, n, 'wh_' || (n % $2::int + 1), 'user_' || (n % $2::int + 1), 'sync.completed', now()
       FROM generate_series(1, $1::int) AS n RETURNING id, webhook_id, event_position, created_at
     )
     INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, attempt_count,
       next_attempt_at, wake_at)
     SELECT id, webhook_id, 1, event_position, created_at, 'backoff', 1, 1, now() + interval '1 hour', now() + interval '1 hour'
     FROM logged`,
    [DELIVERIES, WEBHOOKS],
  );
  return rows[0]?.id ?? '';
}
