import { createPublisher, startLoad, type Load, type Publisher } from './generator.js';
import { drain } from './drain.js';
import { countOutlivedLeases } from './outlived-leases.js';
import { createLedger, nowMs, type Fault, type Ledger } from './ledger.js';
import { judge, keyOf, type Verdict } from './judge.js';
import { preload } from './preload/environment.js';
import { startProcesses, type Processes } from './processes.js';
import { startReceivers, type Receivers } from './receivers.js';
import { createDatabase, type BreakableServer, type BreakableRedis } from './servers.js';
import { registerWebhooks, usualWebhooks, type WebhookPlan } from './webhooks.js';
import type { ScenarioContext } from './scenario.js';

export interface SystemOptions {
  /** The number of workers, or the additional environment variables of each. Default 2. */
  workers?: number | readonly NodeJS.ProcessEnv[];
  /** The same for the APIs. Default 1. */
  apis?: number | readonly NodeJS.ProcessEnv[];
  /** Additional environment variables of every process. */
  env?: NodeJS.ProcessEnv;
  /** Default: `usualWebhooks`. */
  webhooks?: readonly WebhookPlan[];
  /** Servers that the scenario breaks. Default: the shared PostgreSQL, and a new Redis. */
  postgres?: BreakableServer;
  redis?: BreakableRedis;
  /** Change the URLs and the port at which processes reach PostgreSQL, Redis and the receivers, such as to proxies. */
  via?: { postgres?: (url: string) => string; redis?: (url: string) => string; receivers?: (port: number) => Promise<number> };
}

/** A running Tidings with publishers and receivers, and the ledger of the run. */
export interface System {
  processes: Processes;
  postgres: BreakableServer | undefined;
  redis: BreakableRedis;
  /** The prefix of every key in Redis. */
  prefix: string;
  databaseUrl: string;
  receivers: Receivers;
  publisher: Publisher;
  ledger: Ledger;
  /** Starts to publish. */
  startLoad: () => Load;
  /** Writes a fault without duration to the ledger. */
  recordCrash: (fault: FaultDescription) => void;
  /** Writes a fault to the ledger. Returns a function that writes its end. */
  startFault: (fault: FaultDescription) => () => void;
  /** Waits until no delivery is pending, and returns the judge's verdict. Call it after all faults have ended. */
  drainAndJudge: (options?: { deadlineMs?: number }) => Promise<Verdict>;
}

/** `interrupts` is 0 by default, `perDelivery` is 1. */
export type FaultDescription = Pick<Fault, 'name'> & Partial<Pick<Fault, 'interrupts' | 'perDelivery'>>;

/** The requests that one worker has in flight: the most that its crash can interrupt. */
export const CONCURRENCY = 20;
/** The timeout of an attempt. A lease lasts twice as long. */
export const TIMEOUT_MS = 2000;
export const LEASE_MS = 2 * TIMEOUT_MS;
const MAX_ATTEMPTS = 12;
/** The reconciler withdraws an expired lease in its next round; the rest is for a slow machine. */
export const LEASE_SLACK_MS = 3000;
/** The reconciler enqueues a lost delivery 15 s after its acceptance or its retry time; the rest is for retries. */
const DRAIN_MS = 60_000;
/** The share of runs that publish unsure events again. */
const REPUBLISH = 0.5;

const PREFIX = '{chaos}';
const SETTINGS = {
  DELIVERY_TIMEOUT_MS: String(TIMEOUT_MS),
  RECONCILE_INTERVAL_MS: '500',
  WORKER_CONCURRENCY: String(CONCURRENCY),
  DELIVERY_ATTEMPTS: String(MAX_ATTEMPTS),
  DELIVERY_INITIAL_DELAY_MS: '200',
  DELIVERY_MAX_DELAY_MS: '1000',
  CIRCUIT_PROBE_MS: '500',
  WEBHOOKS_PER_OWNER: '10',
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
};

/** Starts receivers and processes, and registers the webhooks. The context's cleanup stops them. */
export async function startSystem(context: ScenarioContext, options: SystemOptions = {}): Promise<System> {
  const { random, cleanup, sabotage } = context;
  const env: NodeJS.ProcessEnv = { ...SETTINGS, ...preload({ sabotage }), ...options.env };
  const plans = options.webhooks ?? usualWebhooks(random);
  const ledger = createLedger();

  const databaseUrl = options.postgres?.url ?? (await createDatabase(await context.sharedPostgres(), cleanup));
  const redis = options.redis ?? (await context.startRedis());
  const receivers = await startReceivers(ledger);
  cleanup.add(() => receivers.stop());
  const processes = await startProcesses({
    databaseUrl: options.via?.postgres?.(databaseUrl) ?? databaseUrl,
    redisUrl: options.via?.redis?.(redis.url) ?? redis.url,
    prefix: PREFIX,
    workers: environments(options.workers, 2),
    apis: environments(options.apis, 1),
    env,
    random,
    cleanup,
  });
  const port = (await options.via?.receivers?.(receivers.port)) ?? receivers.port;
  await registerWebhooks({ processes, receivers, ledger, plans, port });
  const publisher = createPublisher({ ledger, url: processes.url, token: processes.token('service', 'events:publish') });

  const record = ({ name, interrupts = 0, perDelivery = 1 }: FaultDescription): Fault => {
    const fault = { name, fromMs: nowMs(), untilMs: Infinity, interrupts, perDelivery };
    ledger.faults.push(fault);
    context.log(name);
    return fault;
  };

  return {
    processes,
    postgres: options.postgres,
    redis,
    prefix: PREFIX,
    databaseUrl,
    receivers,
    publisher,
    ledger,
    startLoad: () => startLoad({ publisher, random, owners: [...new Set(plans.map(({ owner }) => owner))] }),
    recordCrash(description) {
      const fault = record(description);
      fault.untilMs = fault.fromMs;
    },
    startFault(description) {
      const fault = record(description);
      return () => {
        fault.untilMs = nowMs();
        context.log(`${description.name}: ended`);
      };
    },
    async drainAndJudge({ deadlineMs = context.drainMs ?? DRAIN_MS } = {}) {
      if (random.chance(REPUBLISH)) await publisher.republishUnsure();
      context.log('draining');
      const drained = await drain(databaseUrl, deadlineMs);
      const log = linesOf(processes);
      context.keepLedger(ledger, { log });
      const outlived = countOutlivedLeases(
        log.map(({ line }) => line),
        LEASE_MS,
      );
      const deliveries = drained.map((one) => ({ ...one, outlived: outlived.get(keyOf(one)) ?? 0 }));
      const maxAttempts = Number(env['DELIVERY_ATTEMPTS']);
      return judge({ ledger, deliveries, maxAttempts, leaseMs: LEASE_MS + LEASE_SLACK_MS });
    },
  };
}

/** The log lines of the running processes: they tell why an attempt was not recorded. */
function linesOf({ workers, apis }: Processes): { process: string; line: string }[] {
  const named = [
    ...workers.map((one, index) => [`worker ${String(index + 1)}`, one] as const),
    ...apis.map((one) => ['api', one] as const),
  ];
  return named.flatMap(([process, { output }]) =>
    output()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ process, line })),
  );
}

function environments(option: SystemOptions['workers'], defaultCount: number): readonly NodeJS.ProcessEnv[] {
  if (typeof option === 'object') return option;
  return Array.from({ length: option ?? defaultCount }, () => ({}));
}
