import { createMachineKeys } from '@tidings/config';
import { createSeal, createSecret, parseSealKeys, sealedFor } from '@tidings/secrets';
import type pg from 'pg';
import { alternate, type Side } from '../alternate.js';
import { report, type Report } from '../report.js';
import { onServers, type Servers } from '../servers.js';
import { startMeasured, startReceiver, type Receiver } from '../world.js';

const DELIVERIES = 5000;

interface Size {
  name: string;
  /** Users who get events, each by one webhook. */
  users: number;
  /** Webhooks that get none. */
  others?: number;
  /** Deliveries of before. */
  history?: number;
  workers?: number;
}

const SIZES: Size[] = [
  { name: '100 users, 10,000 deliveries of before', users: 100, history: 10_000 },
  { name: 'with 1,000,000 deliveries of before', users: 100, history: 1_000_000 },
  { name: 'with 100,000 webhooks more', users: 100, history: 10_000, others: 100_000 },
  { name: 'one user', users: 1, history: 10_000 },
  { name: '10,000 users', users: 10_000, history: 10_000 },
  { name: 'with two workers', users: 100, history: 10_000, workers: 2 },
];

/** What a delivery costs as the log, the webhooks and the users become more, and with another worker: each in a database of its own, in turns. */
export async function benchGrowth(rounds: number): Promise<Report> {
  return onServers(async (servers) => {
    const receiver = await startReceiver(servers);
    const sides: Side[] = [];
    for (const [index, size] of SIZES.entries()) sides.push(await sideOf(servers, receiver, size, `size_${String(index)}`));
    return report('What a delivery costs as everything grows', 'deliveries/s', await alternate(sides, rounds));
  });
}

async function sideOf(servers: Servers, receiver: Receiver, size: Size, name: string): Promise<Side> {
  const keys = createMachineKeys();
  const tidings = await startMeasured(
    { ...servers, databaseUrl: await servers.addDatabase(name) },
    { keys, prefix: `{${name}}`, workers: size.workers ?? 1, env: { WORKER_CONCURRENCY: '100' } },
  );
  const { seal } = createSeal(parseSealKeys(keys.SECRETS_KEYS));
  const webhooks = Array.from({ length: size.users }, (_, user) => ({ id: `wh_${String(user)}`, user: userOf(user) }));
  await tidings.sql.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, max_in_flight)
     SELECT id, owner, $3, '{*}', secret, $5 FROM unnest($1::text[], $2::text[], $4::bytea[]) AS new (id, owner, secret)`,
    [
      webhooks.map(({ id }) => id),
      webhooks.map(({ user }) => user),
      receiver.url,
      webhooks.map(({ id }) => seal(createSecret(), sealedFor.secret(id))),
      Math.max(10, Math.ceil(100 / size.users)),
    ],
  );
  await addOthers(tidings.sql, size.others ?? 0);
  await addHistory(tidings.sql, size.history ?? 0, size.users);
  await tidings.sql.query('VACUUM ANALYZE');
  const events = Array.from({ length: DELIVERIES }, (_, number) => ({
    type: 'sync.completed',
    data: { owner: userOf(number % size.users), items_synced: 1, errors: 0, duration_s: 1.5 },
  }));
  const workers = Object.fromEntries(tidings.workers.map(({ pid }, index) => [index === 0 ? 'worker' : 'second worker', pid]));
  return {
    name: size.name,
    pids: { api: tidings.api.pid, ...workers, postgresql: servers.postgresPid, redis: servers.redisPid },
    run: () => tidings.deliver(events, DELIVERIES, receiver),
  };
}

const userOf = (number: number): string => `user-${String(number)}`;

async function addOthers(sql: pg.Client, count: number): Promise<void> {
  await sql.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
     SELECT 'wh_other_' || n, 'other-' || n, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, $1::int) AS n`,
    [count],
  );
}

/** Events that were delivered long ago, with their attempts. */
async function addHistory(sql: pg.Client, count: number, users: number): Promise<void> {
  await sql.query(
    `WITH event AS (
       INSERT INTO events (id, type, owner, data, timestamp)
       SELECT 'evt_' || n, 'sync.completed', 'user-' || n % $2::int, '{"owner":"somebody","items_synced":1}', now()
       FROM generate_series(1, $1::int) AS n
       RETURNING id, position, owner, accepted_at
     ), delivery AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, attempt_count, created_at, finished_at)
       SELECT new_delivery_id(accepted_at), id, position, 'wh_' || substr(owner, 6), owner, 'sync.completed', 'succeeded', 1, accepted_at, accepted_at
       FROM event RETURNING id
     )
     INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, response_body)
     SELECT id, 1, now(), 12, 204, '' FROM delivery`,
    [count, users],
  );
}
