import { Queue } from 'bullmq';
import { WORKER_FLAGS } from '@tidings/local';
import { connectRedis } from '@tidings/queue';
import { measureAlternately, type Variant } from '../measure.js';
import { report, type Report } from '../report.js';
import { withServers, type BenchOptions, type Servers } from '../servers.js';
import {
  startMeasuredTidings,
  startReceiver,
  pollUntil,
  urlOf,
  type MeasuredTidings,
  type Receiver,
} from '../measured-tidings.js';

const DELIVERIES = 10_000;
const BATCH = 100;
/** Requests in flight, for each variant. */
const CONCURRENCY = 300;
/** The webhooks of an event for everyone. */
const WIDE = 10;
const EVENT_FOR_ALICE = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 } };
const EVENT_FOR_EVERYONE = { type: 'extraction.started', data: { version: '20261101', entity_types: ['artists', 'labels'] } };

/**
 * Measures deliveries per second with one worker, end to end: published over HTTP, committed, POSTed and recorded. One event
 * goes to one webhook, another to ten. The same run measures upper limits (BullMQ with the same HTTP client, that client
 * alone, undici alone) and a worker as services typically write it themselves. On the database of a year the row of ten webhooks
 * is left out: there an event for everyone goes to 100,000 webhooks.
 */
export async function benchDelivery(rounds: number, options: BenchOptions): Promise<Report> {
  return withServers(async (servers) => {
    const receiver = await startReceiver(servers);
    const tidings = await startMeasuredTidings(servers, { env: { WORKER_CONCURRENCY: String(CONCURRENCY) } });
    const { url } = receiver;
    // Events for everyone go to the webhooks of the other owners only.
    const webhook = await tidings.register('alice', { url, max_in_flight: CONCURRENCY, event_types: ['sync.*'] });
    for (let owner = 0; owner < WIDE; owner += 1) {
      await tidings.register(`user-${String(owner)}`, { url, max_in_flight: CONCURRENCY / WIDE });
    }

    const forEveryone = (): Variant =>
      tidingsVariant('Tidings, the same, to ten webhooks', tidings, receiver, servers, DELIVERIES / WIDE, EVENT_FOR_EVERYONE);
    const variants = [
      tidingsVariant('Tidings, publish to recorded, to one webhook', tidings, receiver, servers, DELIVERIES, EVENT_FOR_ALICE),
      ...(options.year ? [] : [forEveryone()]),
      await queueVariant('bare loop: BullMQ and the same HTTP client', 'bare', receiver, servers, () => ({})),
      await clientVariant('the HTTP client alone (got)', 'sender', receiver, servers),
      await clientVariant('undici alone', 'undici', receiver, servers),
      await queueVariant('hand-written worker', 'naive', receiver, servers, (number) => ({
        deliveryId: `dlv_00000000-naive-${String(Date.now())}-${String(number)}`,
        webhookId: webhook,
        event: { id: `evt_${String(number)}`, ...EVENT_FOR_ALICE },
      })),
    ];
    const rows = await measureAlternately(variants, rounds);
    return report(`Delivery throughput, one worker, ${String(CONCURRENCY)} requests at a time`, 'deliveries/s', rows);
  }, options);
}

function tidingsVariant(
  name: string,
  tidings: MeasuredTidings,
  receiver: Receiver,
  { postgresPid, redisPid }: Servers,
  count: number,
  event: object,
): Variant {
  const events = Array.from({ length: count }, () => event);
  const pids = {
    api: tidings.api.pid,
    worker: tidings.workers[0]?.pid ?? 0,
    postgresql: postgresPid,
    redis: redisPid,
    receiver: receiver.pid,
  };
  return {
    name,
    pids,
    run: () => tidings.deliver(events, DELIVERIES, receiver),
  };
}

async function queueVariant(
  name: string,
  queueName: 'bare' | 'naive',
  receiver: Receiver,
  { start, redisUrl, postgresPid, redisPid, addCleanup }: Servers,
  dataOf: (number: number) => object,
): Promise<Variant> {
  const env = { RECEIVER: receiver.url, CONCURRENCY: String(CONCURRENCY) };
  // The upper limit has the Node flags of our worker; hand-written workers start without flags.
  const worker = await start(`delivery/${queueName}.js`, env, queueName === 'bare' ? WORKER_FLAGS : []);
  const connection = connectRedis(redisUrl, 'worker', () => undefined);
  const queue = new Queue(queueName, { connection });
  addCleanup(async () => {
    await queue.close();
    connection.disconnect();
  });
  return {
    name,
    pids: {
      worker: worker.pid,
      redis: redisPid,
      receiver: receiver.pid,
      ...(queueName === 'naive' ? { postgresql: postgresPid } : {}),
    },
    async run() {
      const before = await receiver.count();
      for (let from = 0; from < DELIVERIES; from += BATCH) {
        await queue.addBulk(
          Array.from({ length: BATCH }, (_, index) => ({
            name: 'deliver',
            data: dataOf(from + index),
            opts: { removeOnComplete: true, attempts: 3, backoff: { type: 'exponential', delay: 1000 } },
          })),
        );
      }
      await receiver.waitFor(before, DELIVERIES);
      await pollUntil(async () => (await queue.getJobCountByTypes('wait', 'active')) === 0, 5);
      return DELIVERIES;
    },
  };
}

async function clientVariant(
  name: string,
  client: 'sender' | 'undici',
  receiver: Receiver,
  { start }: Servers,
): Promise<Variant> {
  const env = { RECEIVER: receiver.url, CONCURRENCY: String(CONCURRENCY), COUNT: String(DELIVERIES), CLIENT: client };
  const script = await start('delivery/client.js', env, WORKER_FLAGS);
  return {
    name,
    pids: { worker: script.pid, receiver: receiver.pid },
    async run() {
      await (await fetch(urlOf(script))).arrayBuffer();
      return DELIVERIES;
    },
  };
}
