import { createAccept } from '@tidings/accept';
import { orExit } from '@tidings/config';
import { openDatabase, wakeDeliveries } from '@tidings/database';
import { createGuard } from '@tidings/egress';
import { catalog, EVENTS_QUEUE } from '@tidings/events';
import { createLogger } from '@tidings/logging';
import {
  connectRedis,
  createDeliveriesQueue,
  createQueueWorker,
  DELIVERIES_QUEUE,
  type DeliveryJob,
  type RedisPurpose,
} from '@tidings/queue';
import { createSeal } from '@tidings/secrets';
import { untilStopped } from '@tidings/shutdown';
import { readWorkerConfig } from './config.js';
import { createDeliver } from './deliver/deliver.js';
import { createLease } from './deliver/lease.js';
import { buildRequest } from './deliver/request.js';
import { createSender } from './deliver/send.js';
import { createDispatch } from './dispatch/dispatch.js';
import { startHealthServer } from './health.js';
import { createReconciler } from './reconcile/reconciler.js';

const config = orExit(() => readWorkerConfig(process.env));
const { prefix, concurrency, timeoutMs } = config;
const log = createLogger({ service: 'worker', level: config.logLevel, format: config.logFormat });

const database = openDatabase({
  url: config.databaseUrl,
  maxConnections: config.databasePool,
  onError: (error) => log.warn('A database connection broke.', { error }),
});
const connect = (purpose: RedisPurpose) =>
  connectRedis(config.redisUrl, purpose, (error) => log.warn('The connection to Redis broke.', { purpose, error }));
const commands = connect('command');
const jobs = connect('worker');
const deliveries = createDeliveriesQueue({ redis: commands, prefix, retry: config.retry });

// The journey: an enqueued event is accepted …
const accept = createAccept({ sql: database.pool, queue: deliveries, redis: commands, prefix, log });
const dispatch = createDispatch({ accept, catalog, log });

// … its deliveries are claimed, sent and recorded …
const lockMs = 2 * timeoutMs;
const lease = createLease({ sql: database.pool, leaseMs: lockMs, recordDeadlineMs: timeoutMs });
const sender = createSender({ guard: createGuard({ allowed: config.allowedNetworks }), timeoutMs });
const seal = createSeal(config.sealKeys);
const deliver = createDeliver({
  ...lease,
  build: (delivery) => buildRequest(delivery, seal, Math.floor(Date.now() / 1000)),
  send: sender.send,
  retry: config.retry,
  log,
});

// … and whatever Redis lost is enqueued again.
const reconciler = createReconciler({
  wake: (limit) => wakeDeliveries(database.pool, limit, lockMs),
  enqueue: deliveries.enqueue,
  intervalMs: config.reconcileIntervalMs,
  log,
});

const onError = (error: Error): void => void log.warn('A BullMQ worker reported an error.', { error });
const common = { redis: jobs, prefix, concurrency, lockMs, onError };
const workers = [
  createQueueWorker({ ...common, queue: EVENTS_QUEUE, process: dispatch }),
  createQueueWorker<DeliveryJob>({ ...common, queue: DELIVERIES_QUEUE, process: ({ id }) => deliver(id) }),
];

for (const worker of workers) worker.start();
reconciler.start();
const health =
  config.healthPort === null
    ? undefined
    : await startHealthServer(config.healthPort, {
        postgresql: () => database.pool.query('SELECT 1'),
        redis: () => commands.ping(),
      });
log.info('Worker is ready.', { concurrency });

async function stop(): Promise<void> {
  health?.close();
  await reconciler.stop();
  await Promise.all(workers.map((worker) => worker.stop(timeoutMs + 2000)));
  await accept.idle();
  sender.close();
  await deliveries.close();
  commands.disconnect();
  jobs.disconnect();
  await database.close();
}

await untilStopped({ stop, deadlineMs: timeoutMs + 5000, log });
