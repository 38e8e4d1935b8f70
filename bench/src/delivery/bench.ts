import { Queue } from 'bullmq';
import { WORKER_FLAGS } from '@tidings/local';
import { connectRedis } from '@tidings/queue';
import { alternate, type Side } from '../alternate.js';
import { report, type Report } from '../report.js';
import { onServers, type Servers } from '../servers.js';
import { startMeasured, startReceiver, until, urlOf, type MeasuredTidings, type Receiver } from '../world.js';

const DELIVERIES = 10_000;
const BATCH = 100;
/** Requests under way at once, on each side. */
const CONCURRENCY = 300;
const WIDE = 10;
const FOR_ALICE = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 } };
const FOR_ALL = { type: 'extraction.started', data: { version: '20261101', entity_types: ['artists', 'labels'] } };

/**
 * Deliveries per second, end to end: published over HTTP, committed, POSTed and recorded, with one worker; of events that
 * one webhook gets, and of events that ten get. Beside it, alternately in the same run, what it could be at best (BullMQ and
 * the HTTP client, the client alone, another client alone), and what people write themselves.
 */
export async function benchDelivery(rounds: number): Promise<Report> {
  return onServers(async (servers) => {
    const receiver = await startReceiver(servers);
    const tidings = await startMeasured(servers, { env: { WORKER_CONCURRENCY: String(CONCURRENCY) } });
    const { url } = receiver;
    // What is for everyone goes to the others.
    const webhook = await tidings.register('alice', { url, max_in_flight: CONCURRENCY, event_types: ['sync.*'] });
    for (let user = 0; user < WIDE; user += 1) {
      await tidings.register(`user-${String(user)}`, { url, max_in_flight: CONCURRENCY / WIDE });
    }

    const sides = [
      tidingsSide('Tidings, publish to recorded, to one webhook', tidings, receiver, servers, DELIVERIES, FOR_ALICE),
      tidingsSide('Tidings, the same, to ten webhooks', tidings, receiver, servers, DELIVERIES / WIDE, FOR_ALL),
      await queueSide('bare loop: BullMQ and the same HTTP client', 'bare', receiver, servers, () => ({})),
      await clientSide('the HTTP client alone (got)', 'sender', receiver, servers),
      await clientSide('undici alone', 'undici', receiver, servers),
      await queueSide('what people write themselves', 'naive', receiver, servers, (number) => ({
        deliveryId: `dlv_00000000-naive-${String(Date.now())}-${String(number)}`,
        webhookId: webhook,
        event: { id: `evt_${String(number)}`, ...FOR_ALICE },
      })),
    ];
    const rows = await alternate(sides, rounds);
    return report(`Delivery throughput, one worker, ${String(CONCURRENCY)} requests at a time`, 'deliveries/s', rows);
  });
}

function tidingsSide(
  name: string,
  tidings: MeasuredTidings,
  receiver: Receiver,
  { postgresPid, redisPid }: Servers,
  count: number,
  event: object,
): Side {
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

async function queueSide(
  name: string,
  queueName: 'bare' | 'naive',
  receiver: Receiver,
  { start, redisUrl, postgresPid, redisPid, atEnd }: Servers,
  dataOf: (number: number) => object,
): Promise<Side> {
  const env = { RECEIVER: receiver.url, CONCURRENCY: String(CONCURRENCY) };
  // The limit has what our worker has; people start what they write themselves as it comes.
  const worker = await start(`delivery/${queueName}.js`, env, queueName === 'bare' ? WORKER_FLAGS : []);
  const connection = connectRedis(redisUrl, 'worker', () => undefined);
  const queue = new Queue(queueName, { connection });
  atEnd(async () => {
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
      await receiver.until(before, DELIVERIES);
      await until(async () => (await queue.getJobCountByTypes('wait', 'active')) === 0, 5);
      return DELIVERIES;
    },
  };
}

async function clientSide(name: string, client: 'sender' | 'undici', receiver: Receiver, { start }: Servers): Promise<Side> {
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
