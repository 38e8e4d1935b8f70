import { Agent } from 'node:http';
import { createPublisher, syncCompleted } from '@tidings/events';
import { startTidings } from '@tidings/local';
import pg from 'pg';
import { measureAlternately } from '../measure.js';
import { report, type Report } from '../report.js';
import { runConcurrently, post } from '../requests.js';
import { KEYS } from '../keys.js';
import { withServers, type BenchOptions } from '../servers.js';
import { pollUntil, urlOf } from '../measured-tidings.js';

/** The events of a round, the events of a request, and the number of concurrent requests. */
const LOADS = [
  { name: 'batches of 100', events: 20_000, batch: 100, parallel: 8 },
  { name: 'one by one', events: 4000, batch: 1, parallel: 50 },
];
const OWNERS = 1000;
const PREFIX = '{bench}';

/** Publishes a load, and resolves when all its events are committed. */
type Publish = (load: (typeof LOADS)[number]) => Promise<void>;

/**
 * Measures committed events per second: over HTTP, and over the queue with the package. The same run measures an upper limit,
 * an Express handler that writes the events of a request with one INSERT. The owners of the events have no webhooks.
 */
export async function benchPublish(rounds: number, options: BenchOptions): Promise<Report[]> {
  return withServers(async ({ databaseUrl, redisUrl, postgresPid, redisPid, addCleanup, start }) => {
    const tidings = await startTidings({ databaseUrl, redisUrl, keys: KEYS, prefix: PREFIX });
    addCleanup(() => tidings.stop());
    const bare = await start('publish/bare.js');
    const publisher = createPublisher({ redis: redisUrl, prefix: PREFIX });
    addCleanup(() => publisher.close());
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    addCleanup(() => sql.end());
    const lastPosition = async (): Promise<number> =>
      Number((await sql.query<{ last: string }>('SELECT coalesce(max(position), 0) AS last FROM events')).rows[0]?.last);

    const agent = new Agent({ keepAlive: true });
    addCleanup(() => {
      agent.destroy();
    });
    const overHttp =
      (url: string, token: string): Publish =>
      ({ events, batch, parallel }) =>
        runConcurrently(parallel, events / batch, () => post(url, token, bodyOf(batch), agent));
    const [worker] = tidings.workers;
    const variants: { name: string; pids: Record<string, number>; publish: Publish }[] = [
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
          await runConcurrently(parallel, events / batch, () => publisher.publish(Array.from({ length: batch }, someEvent)));
          await pollUntil(async () => (await lastPosition()) - before >= events, 5);
        },
      },
    ];

    const reports: Report[] = [];
    for (const load of LOADS) {
      const rows = await measureAlternately(
        variants.map(({ name, pids, publish }) => ({
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
  }, options);
}

function someEvent() {
  const owner = `user-${String(Math.floor(Math.random() * OWNERS))}`;
  return syncCompleted({ user_id: owner, items_synced: 150, errors: 0, duration_s: 42.5 });
}

function bodyOf(batch: number): string {
  const events = Array.from({ length: batch }, someEvent).map(({ type, data }) => ({ type, data }));
  return JSON.stringify(batch === 1 ? events[0] : { events });
}
