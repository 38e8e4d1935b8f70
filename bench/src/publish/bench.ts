import { Agent } from 'node:http';
import { createPublisher, syncCompleted } from '@tidings/events';
import { startTidings } from '@tidings/local';
import pg from 'pg';
import { alternate } from '../alternate.js';
import { report, type Report } from '../report.js';
import { inParallel, post } from '../requests.js';
import { onServers } from '../servers.js';
import { until, urlOf } from '../world.js';

/** Events of a round, how many go together, and how many requests are under way at once. */
const LOADS = [
  { name: 'batches of 100', events: 20_000, batch: 100, parallel: 8 },
  { name: 'one by one', events: 4000, batch: 1, parallel: 50 },
];
const USERS = 1000;
const PREFIX = '{bench}';

/** Publishes a load, and resolves when it is committed. */
type Side = (load: (typeof LOADS)[number]) => Promise<void>;

/**
 * Events per second, until they are committed: over HTTP, and over the queue with the package. Beside it, alternately in
 * the same run, a bare Express handler that writes what it gets with one INSERT. Nobody has a webhook.
 */
export async function benchPublish(rounds: number): Promise<Report[]> {
  return onServers(async ({ databaseUrl, redisUrl, postgresPid, redisPid, atEnd, start }) => {
    const tidings = await startTidings({ databaseUrl, redisUrl, prefix: PREFIX });
    atEnd(() => tidings.stop());
    const bare = await start('publish/bare.js');
    const publisher = createPublisher({ redis: redisUrl, prefix: PREFIX });
    atEnd(() => publisher.close());
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    atEnd(() => sql.end());
    const lastPosition = async (): Promise<number> =>
      Number((await sql.query<{ last: string }>('SELECT coalesce(max(position), 0) AS last FROM events')).rows[0]?.last);

    const agent = new Agent({ keepAlive: true });
    atEnd(() => {
      agent.destroy();
    });
    const overHttp =
      (url: string, token: string): Side =>
      ({ events, batch, parallel }) =>
        inParallel(parallel, events / batch, () => post(url, token, bodyOf(batch), agent));
    const [worker] = tidings.workers;
    const sides: { name: string; pids: Record<string, number>; publish: Side }[] = [
      {
        name: 'Tidings, over HTTP',
        pids: { api: tidings.api.pid, postgresql: postgresPid, redis: redisPid },
        publish: overHttp(`${tidings.url}/api/events`, tidings.token('service', 'events:publish')),
      },
      {
        name: 'bare Express handler, one INSERT',
        pids: { server: bare.pid, postgresql: postgresPid },
        publish: overHttp(urlOf(bare), ''),
      },
      {
        name: 'Tidings, with the package, over the queue',
        pids: { worker: worker?.pid ?? 0, postgresql: postgresPid, redis: redisPid },
        async publish({ events, batch, parallel }) {
          const before = await lastPosition();
          await inParallel(parallel, events / batch, () => publisher.publish(Array.from({ length: batch }, someEvent)));
          await until(async () => (await lastPosition()) - before >= events, 5);
        },
      },
    ];

    const reports: Report[] = [];
    for (const load of LOADS) {
      const rows = await alternate(
        sides.map(({ name, pids, publish }) => ({
          name,
          pids,
          async run() {
            await publish(load);
            return load.events;
          },
        })),
        rounds,
      );
      console.error(`  ${load.name}: done`);
      reports.push(report(`Publishing, ${load.name}, ${String(load.parallel)} requests at a time`, 'events/s', rows));
    }
    return reports;
  });
}

function someEvent() {
  const user = `user-${String(Math.floor(Math.random() * USERS))}`;
  return syncCompleted({ user_id: user, items_synced: 150, errors: 0, duration_s: 42.5 });
}

function bodyOf(batch: number): string {
  const events = Array.from({ length: batch }, someEvent).map(({ type, data }) => ({ type, data }));
  return JSON.stringify(batch === 1 ? events[0] : { events });
}
