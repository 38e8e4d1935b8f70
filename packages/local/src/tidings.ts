import { join } from 'node:path';
import { signToken } from '@tidings/auth';
import { createMachineKeys, fileVariable, type MachineKeys } from '@tidings/config';
import { freePort } from './port.js';
import { startProcess, type LocalProcess } from './process.js';

/** Options of {@link startTidings}. */
export interface TidingsOptions {
  /** URL of a migrated database. */
  databaseUrl: string;
  redisUrl: string;
  /** Prefix of every key in Redis. Default `{tidings}`. */
  prefix?: string;
  /** Default: generated keys. */
  keys?: MachineKeys;
  /** The API's port. Default: a free one. */
  port?: number;
  /** Number of workers. Default 1. */
  workers?: number;
  /**
   * Whether the rate limits of the environment, or else the default ones, apply. Default false: tests and measurements send many
   * requests.
   */
  hasRateLimits?: boolean;
  /** Additions to the environment of every process; they override its values. */
  env?: NodeJS.ProcessEnv;
  /** Restarts a process when its build changes. Default false. */
  watch?: boolean;
  /** Called with the output of all processes. */
  onOutput?: ((text: string) => void) | undefined;
}

/** An API process. */
export interface LocalApi extends LocalProcess {
  /** Base URL of the API, such as `http://127.0.0.1:3000`. */
  url: string;
}

/** An installation on this machine. */
export interface Tidings {
  /** Base URL of the first API process. */
  url: string;
  api: LocalApi;
  workers: LocalProcess[];
  /**
   * Signs a token for the API that is valid for a day.
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
   * @param deadlineMs after it, a process is killed; in milliseconds, default 30,000
   */
  stop: (deadlineMs?: number) => Promise<void>;
}

/** Networks that webhooks may reach besides public addresses: receivers on this machine. */
const ALLOWED_NETWORKS = '127.0.0.0/8,::1/128';

const NO_RATE_LIMITS = {
  RATE_LIMIT_PER_OWNER: '0',
  RATE_LIMIT_PER_IP: '0',
  RATE_LIMIT_AUTH_FAILURES: '0',
  RATE_LIMIT_PUBLISH: '0',
  RATE_LIMIT_COSTLY: '0',
  RATE_LIMIT_PER_HOST: '0',
  STREAMS_PER_OWNER: '1000000',
};

/**
 * Node's options for a worker, here and in the Dockerfile. The objects of hundreds of requests in flight do not fit into the
 * 16 MB that Node reserves for young objects, and are copied at each collection: 64 MB save a third of a worker's CPU
 * (docs/performance.md).
 */
export const WORKER_FLAGS: readonly string[] = ['--max-semi-space-size=64'];

/** Variables that name the files of settings which this module sets itself. */
const FILES_OF_KEYS = Object.fromEntries(
  ['DATABASE_URL', 'REDIS_URL', 'SECRETS_KEYS', 'JWT_SECRET', 'JWT_PUBLIC_KEY'].map((name) => [fileVariable(name), '']),
);

const PROJECT = join(import.meta.dirname, '../../..');
const TOKEN_LIFETIME_S = 86_400;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/**
 * Starts an API process and workers, as in production, and resolves when all of them are ready. When one cannot be started,
 * stops the others and throws.
 */
export async function startTidings(options: TidingsOptions): Promise<Tidings> {
  const { databaseUrl, redisUrl, prefix = '{tidings}', keys = createMachineKeys(), port, workers: workerCount = 1 } = options;
  const common: NodeJS.ProcessEnv = {
    EGRESS_ALLOW_CIDRS: ALLOWED_NETWORKS,
    HOST: '127.0.0.1',
    // No proxy is in front of the API, so that no idle connection has to be waited for.
    SHUTDOWN_IDLE_MS: '0',
    ...(options.hasRateLimits ? {} : NO_RATE_LIMITS),
    ...process.env,
    ...keys,
    // Tokens are signed here with JWT_SECRET, so other token keys of the environment must not apply.
    JWT_PUBLIC_KEY: '',
    JWT_JWKS_URL: '',
    JWT_JWKS_FILE: '',
    JWT_ALGORITHMS: '',
    // The tokens are valid for a day: a shorter maximum of the environment must not apply.
    JWT_MAX_LIFETIME_S: '',
    // Every setting is given below or by `keys`, so a file with its value must not apply.
    ...FILES_OF_KEYS,
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
    // Not 0: an API that is started again must find its port free.
    const api = start('api', { PORT: String(await freePort()), ...env });
    const withUrl: LocalApi = { ...api, url: '' };
    apis.push(withUrl);
    await api.waitFor('API is ready.');
    withUrl.url = /API is ready\.[^\n]*"url":"([^"]+)"/.exec(api.output())?.[1] ?? '';
    await waitUntilReady(withUrl.url);
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
    const api = await startApi(port === undefined ? {} : { PORT: String(port) });
    await Promise.all(Array.from({ length: workerCount }, () => startWorker()));
    const token = (sub: string, scope?: string): string =>
      signToken(
        { ...common, JWT_SECRET: common['JWT_SECRET'] ?? keys.JWT_SECRET },
        { owner: sub, scope, expiresInS: TOKEN_LIFETIME_S },
      );
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

/** Starts the built `main.js` of an app, without waiting until it is ready. */
export function startApp(app: 'api' | 'worker' | 'receiver', { env, watch = false, onOutput }: AppOptions): LocalProcess {
  const main = join(PROJECT, 'apps', app, 'dist/main.js');
  const flags = app === 'worker' ? WORKER_FLAGS : [];
  return startProcess(process.execPath, [...flags, ...(watch ? ['--watch', '--watch-preserve-output'] : []), main], {
    name: `The ${app}`,
    env,
    onOutput,
  });
}

async function waitUntilReady(url: string): Promise<void> {
  const end = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch((error: unknown) => error as Error);
    if (answer instanceof Response && answer.ok) return;
    if (performance.now() > end) {
      throw new Error(
        `The API was not ready within ${String(READY_TIMEOUT_MS)} ms: ${answer instanceof Response ? await answer.text() : answer.message}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
