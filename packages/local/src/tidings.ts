import { join } from 'node:path';
import { signToken } from '@tidings/auth';
import { createMachineKeys, type MachineKeys } from '@tidings/config';
import { startProcess, type LocalProcess } from './process.js';

export interface TidingsOptions {
  /** Of a database that has been migrated. */
  databaseUrl: string;
  redisUrl: string;
  /** Before every key in Redis. Default `{tidings}`. */
  prefix?: string;
  /** Default: new ones. */
  keys?: MachineKeys;
  /** The API's port. Default 0: a free one. */
  port?: number;
  /** How many workers. Default 1. */
  workers?: number;
  /** Whether callers are limited as the environment says, or else the defaults. Default false: tests and measurements send a lot. */
  limited?: boolean;
  /** More for the environment of every process, or other values. */
  env?: NodeJS.ProcessEnv;
  /** Restarts a process when its build changes. Default false. */
  watch?: boolean;
  /** Called with whatever the processes write. */
  onOutput?: ((text: string) => void) | undefined;
}

/** The API, and where it is. */
export interface LocalApi extends LocalProcess {
  url: string;
}

/** A Tidings that runs on this machine. */
export interface Tidings {
  /** Of the API. */
  url: string;
  api: LocalApi;
  workers: LocalProcess[];
  /**
   * A token for the API, valid for a day.
   *
   * @param scope such as `events:publish`; default: none
   */
  token: (sub: string, scope?: string) => string;
  /** Starts one more API process, on a free port unless `env` says PORT. */
  startApi: (env?: NodeJS.ProcessEnv) => Promise<LocalApi>;
  /** Starts one more worker. */
  startWorker: (env?: NodeJS.ProcessEnv) => Promise<LocalProcess>;
  /**
   * Stops the APIs, and then the workers.
   *
   * @param deadlineMs what has not stopped by then is killed, in milliseconds; default 30,000
   */
  stop: (deadlineMs?: number) => Promise<void>;
}

/** What the processes of this machine may reach besides public addresses: receivers on the machine itself. */
const ALLOWED_NETWORKS = '127.0.0.0/8,::1/128';

const UNLIMITED = {
  RATE_LIMIT_PER_OWNER: '0',
  RATE_LIMIT_PER_IP: '0',
  RATE_LIMIT_AUTH_FAILURES: '0',
  RATE_LIMIT_PUBLISH: '0',
  RATE_LIMIT_COSTLY: '0',
  STREAMS_PER_OWNER: '1000000',
};

/**
 * What a worker is started with, here and in the Dockerfile. What hundreds of requests under way hold outlives the 16 MB
 * that Node gives to young objects, and is copied each time: 64 MB save a third of a worker's CPU (docs/performance.md).
 */
export const WORKER_FLAGS: readonly string[] = ['--max-semi-space-size=64'];

const PROJECT = join(import.meta.dirname, '../../..');
const TOKEN_LIFE_S = 86_400;
const READY_MS = 30_000;
const POLL_MS = 50;

/** Starts an API and workers as the processes they are in production, and resolves when all of them are ready. */
export async function startTidings(options: TidingsOptions): Promise<Tidings> {
  const { databaseUrl, redisUrl, prefix = '{tidings}', keys = createMachineKeys(), port = 0, workers: workerCount = 1 } = options;
  const common: NodeJS.ProcessEnv = {
    EGRESS_ALLOW_CIDRS: ALLOWED_NETWORKS,
    HOST: '127.0.0.1',
    ...(options.limited ? {} : UNLIMITED),
    ...process.env,
    ...keys,
    // Tokens are signed here: a key of somebody else's would contradict that.
    JWT_PUBLIC_KEY: '',
    JWT_JWKS_URL: '',
    JWT_JWKS_FILE: '',
    JWT_ALGORITHMS: '',
    // They are valid for a day.
    JWT_MAX_LIFETIME_S: '',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix,
    ...options.env,
  };
  const apis: LocalApi[] = [];
  const workers: LocalProcess[] = [];

  const start = (app: 'api' | 'worker', env: NodeJS.ProcessEnv): LocalProcess =>
    startApp(app, { env: { ...common, ...env }, watch: options.watch, onOutput: options.onOutput });

  const startApi = async (env: NodeJS.ProcessEnv = {}): Promise<LocalApi> => {
    const api = start('api', { PORT: '0', ...env });
    const withUrl: LocalApi = { ...api, url: '' };
    apis.push(withUrl);
    await api.waitFor('API is ready.');
    withUrl.url = /API is ready\.[^\n]*"url":"([^"]+)"/.exec(api.output())?.[1] ?? '';
    await untilReady(withUrl.url);
    return withUrl;
  };
  const startWorker = async (env: NodeJS.ProcessEnv = {}): Promise<LocalProcess> => {
    const worker = start('worker', env);
    workers.push(worker);
    await worker.waitFor('Worker is ready.');
    return worker;
  };
  const stop = async (deadlineMs?: number): Promise<void> => {
    await Promise.all(apis.map((api) => api.stop('SIGTERM', deadlineMs)));
    await Promise.all(workers.map((worker) => worker.stop('SIGTERM', deadlineMs)));
  };

  try {
    const api = await startApi({ PORT: String(port) });
    await Promise.all(Array.from({ length: workerCount }, () => startWorker()));
    const token = (sub: string, scope?: string): string =>
      signToken(common['JWT_SECRET'] ?? keys.JWT_SECRET, {
        sub,
        scope,
        issuer: common['JWT_ISSUER'] || undefined,
        audience: common['JWT_AUDIENCE'] || undefined,
        expiresInS: TOKEN_LIFE_S,
      });
    return { url: api.url, api, workers, token, startApi, startWorker, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

interface AppOptions {
  env: NodeJS.ProcessEnv;
  watch?: boolean | undefined;
  onOutput?: ((text: string) => void) | undefined;
}

/** Starts the built main.js of an app, and does not wait until it is ready. */
export function startApp(app: 'api' | 'worker' | 'receiver', { env, watch = false, onOutput }: AppOptions): LocalProcess {
  const main = join(PROJECT, 'apps', app, 'dist/main.js');
  const flags = app === 'worker' ? WORKER_FLAGS : [];
  return startProcess(process.execPath, [...flags, ...(watch ? ['--watch', '--watch-preserve-output'] : []), main], {
    name: `The ${app}`,
    env,
    onOutput,
  });
}

async function untilReady(url: string): Promise<void> {
  const end = performance.now() + READY_MS;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch((error: unknown) => error as Error);
    if (answer instanceof Response && answer.ok) return;
    if (performance.now() > end) {
      throw new Error(`The API is not ready: ${answer instanceof Response ? await answer.text() : answer.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
