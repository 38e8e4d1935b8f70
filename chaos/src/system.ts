import { createPublisher, startLoad, type Load, type Publisher } from './generator.js';
import { drain } from './drain.js';
import { createLedger, nowMs, type Fault, type Ledger } from './ledger.js';
import { judge, type JobOutcome } from './judge.js';
import { preload } from './preload/environment.js';
import { startProcesses, type Processes } from './processes.js';
import { startReceivers, type Receivers } from './receiver.js';
import { createDatabase, type Breakable, type BreakableRedis } from './servers.js';
import { registerWebhooks, usualWebhooks, type WebhookPlan } from './webhooks.js';
import type { Stage } from './stage.js';

export interface SystemOptions {
  /** How many workers, or what each has in its environment. Default 2. */
  workers?: number | readonly NodeJS.ProcessEnv[];
  /** Likewise for the APIs. Default 1. */
  apis?: number | readonly NodeJS.ProcessEnv[];
  /** For every process. */
  env?: NodeJS.ProcessEnv;
  /** Default: the usual eight. */
  webhooks?: readonly WebhookPlan[];
  /** Own servers, for those who break them. Default: the shared PostgreSQL, and an own Redis. */
  postgres?: Breakable;
  redis?: BreakableRedis;
  /** How processes reach PostgreSQL, Redis and the receivers, if not directly. */
  via?: { postgres?: (url: string) => string; redis?: (url: string) => string; receivers?: (port: number) => Promise<number> };
}

/** A Tidings with publishers and receivers, whose ledger is judged at the end. */
export interface System {
  processes: Processes;
  postgres: Breakable | undefined;
  redis: BreakableRedis;
  databaseUrl: string;
  receivers: Receivers;
  publisher: Publisher;
  ledger: Ledger;
  /** Begins to publish. */
  load: () => Load;
  /** Writes a fault of one moment to the ledger. */
  crash: (fault: Happening) => void;
  /** Writes a fault that lasts until the function that it returns is called. */
  fault: (fault: Happening) => () => void;
  /** Waits until everything that was accepted has been dealt with, and judges. To be called when all is healed. */
  settle: (options?: { deadlineMs?: number }) => Promise<JobOutcome>;
}

/** `interrupts`: by default none may be; `perDelivery`: by default 1. */
export type Happening = Pick<Fault, 'name'> & Partial<Pick<Fault, 'interrupts' | 'perDelivery'>>;

/** How many requests one worker has under way at once: what its crash may interrupt. */
export const CONCURRENCY = 20;
/** How long an attempt may take, in milliseconds. A lease holds twice as long. */
export const TIMEOUT_MS = 2000;
export const LEASE_MS = 2 * TIMEOUT_MS;
const MAX_ATTEMPTS = 12;
/** An expired lease is withdrawn at the next round of a reconciler, and machines are slow at times. */
const LEASE_SLACK_MS = 3000;
/** What was accepted and not enqueued, or lost as a retry, is looked for after 15 s. */
const DRAIN_MS = 60_000;
const REPEATS = 0.5;

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

export async function startSystem(stage: Stage, options: SystemOptions = {}): Promise<System> {
  const { random, cleanup, sabotage } = stage;
  const env: NodeJS.ProcessEnv = { ...SETTINGS, ...preload({ sabotage }), ...options.env };
  const plans = options.webhooks ?? usualWebhooks(random);
  const ledger = createLedger();

  const databaseUrl = options.postgres?.url ?? (await createDatabase(await stage.sharedPostgres(), cleanup));
  const redis = options.redis ?? (await stage.startRedis());
  const receivers = await startReceivers(ledger);
  cleanup.add(() => receivers.stop());
  const processes = await startProcesses({
    databaseUrl: options.via?.postgres?.(databaseUrl) ?? databaseUrl,
    redisUrl: options.via?.redis?.(redis.url) ?? redis.url,
    prefix: '{chaos}',
    workers: environments(options.workers, 2),
    apis: environments(options.apis, 1),
    env,
    random,
    cleanup,
  });
  const port = (await options.via?.receivers?.(receivers.port)) ?? receivers.port;
  await registerWebhooks({ processes, receivers, ledger, plans, port });
  const publisher = createPublisher({ ledger, url: processes.url, token: processes.token('service', 'events:publish') });

  const record = ({ name, interrupts = 0, perDelivery = 1 }: Happening): Fault => {
    const fault = { name, fromMs: nowMs(), untilMs: Infinity, interrupts, perDelivery };
    ledger.faults.push(fault);
    stage.note(name);
    return fault;
  };

  return {
    processes,
    postgres: options.postgres,
    redis,
    databaseUrl,
    receivers,
    publisher,
    ledger,
    load: () => startLoad({ publisher, random, users: [...new Set(plans.map(({ user }) => user))] }),
    crash(happening) {
      const fault = record(happening);
      fault.untilMs = fault.fromMs;
    },
    fault(happening) {
      const fault = record(happening);
      return () => {
        fault.untilMs = nowMs();
        stage.note(`${happening.name}: over`);
      };
    },
    async settle({ deadlineMs = stage.drainMs ?? DRAIN_MS } = {}) {
      if (random.chance(REPEATS)) await publisher.repeat();
      stage.note('draining');
      const deliveries = await drain(databaseUrl, deadlineMs);
      stage.keep(ledger);
      const maxAttempts = Number(env['DELIVERY_ATTEMPTS']);
      return judge({ ledger, deliveries, maxAttempts, leaseMs: LEASE_MS + LEASE_SLACK_MS });
    },
  };
}

function environments(asked: SystemOptions['workers'], initial: number): readonly NodeJS.ProcessEnv[] {
  if (typeof asked === 'object') return asked;
  return Array.from({ length: asked ?? initial }, () => ({}));
}
