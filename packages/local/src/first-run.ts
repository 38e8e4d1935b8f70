import { join } from 'node:path';
import { migrate } from '@tidings/database';
import { keepMachineKeys, readSecretFiles, type MachineKeys } from '@tidings/config';
import { ensureDemoWebhook } from './demo-webhook.js';
import { guidance } from './guidance.js';
import { exampleEvent } from './example-event.js';
import { isFree, nextFreePort } from './port.js';
import { startPostgres, type LocalPostgres } from './postgres.js';
import { keepRunning } from './keep-running.js';
import type { LocalProcess } from './process.js';
import { startRedis, type LocalRedis } from './redis.js';
import { startApp, startTidings, type Tidings } from './tidings.js';

/** The options of `npm start` and `npm run dev`. */
export interface FirstRunOptions {
  /** The folder for data and keys: `.tidings`. */
  folder: string;
  /** The environment. DATABASE_URL, REDIS_URL, PORT, JWT_SECRET and SECRETS_KEYS are used when they are set. */
  env: NodeJS.ProcessEnv;
  /** Called with the output of all processes. */
  onOutput: (text: string) => void;
  /** Restarts the API and the worker when their build changes. Default false. */
  watch?: boolean;
}

/** A running Tidings with its demo receiver. */
export interface FirstRun {
  /** The id of the first worker's process. */
  workerPid: number;
  /** The text to print once everything runs: the addresses and the tour. */
  guidance: string;
  /** Resolves when any part but the worker, which is started again, ends by itself, with a sentence that names it: `The API ended by a signal.` */
  unexpectedEnd: Promise<string>;
  /**
   * Stops the API, the worker, the receiver, Redis and PostgreSQL, in this order: requests in flight still arrive.
   *
   * @param deadlineMs after it, the API and the worker are killed; in milliseconds, default 30,000
   */
  stop: (deadlineMs?: number) => Promise<void>;
}

interface Parts {
  postgres?: LocalPostgres;
  redis?: LocalRedis;
  tidings?: Tidings;
  receiver?: LocalProcess;
}

const API_PORT = 3000;
const RECEIVER_PORT = 4000;

/**
 * Starts PostgreSQL, Redis, the API, the demo receiver with its webhook, and a worker. When a part cannot be started, stops
 * the others and throws.
 */
export async function startFirstRun({ folder, env: given, onOutput, watch = false }: FirstRunOptions): Promise<FirstRun> {
  const { env, mistakes } = readSecretFiles(given);
  if (mistakes.length > 0) throw new Error(`${mistakes.join('. ')}.`);
  const parts: Parts = {};
  const stopping = new AbortController();
  const stop = async (deadlineMs?: number): Promise<void> => {
    stopping.abort();
    await parts.tidings?.stop(deadlineMs);
    await parts.receiver?.stop();
    await parts.redis?.stop();
    await parts.postgres?.stop();
  };

  try {
    const host = env['HOST'] || '127.0.0.1';
    const wanted = wantedPort(env['PORT']);
    if (wanted !== undefined) await expectFree(wanted, host);
    // First, since everything else may take minutes, in which another program could take the port. It learns its secret later.
    const webhookFile = join(folder, 'demo-webhook.json');
    const receiverPort = await nextFreePort(RECEIVER_PORT, { except: wanted === undefined ? [] : [wanted] });
    const receiverEnv = { ...env, HOST: '127.0.0.1', PORT: String(receiverPort), RECEIVER_SECRET_FILE: webhookFile };
    parts.receiver = startApp('receiver', { env: receiverEnv, onOutput });
    await parts.receiver.waitFor('Receiver is ready');
    const keys = readKeys(folder, env);

    if (!env['DATABASE_URL']) parts.postgres = await startPostgres({ folder: join(folder, 'postgres') });
    if (!env['REDIS_URL']) parts.redis = await startRedis({ folder: join(folder, 'redis') });
    const databaseUrl = parts.postgres?.url ?? String(env['DATABASE_URL']);
    const redisUrl = parts.redis?.url ?? String(env['REDIS_URL']);
    await migrate(databaseUrl);

    // A person who tries it out sees retries within seconds.
    const retryEnv = { DELIVERY_INITIAL_DELAY_MS: env['DELIVERY_INITIAL_DELAY_MS'] || '5000' };
    const logEnv = { LOG_FORMAT: env['LOG_FORMAT'] || 'pretty', NODE_ENV: env['NODE_ENV'] || 'development' };
    const tidings = await startTidings({
      databaseUrl,
      redisUrl,
      prefix: env['REDIS_PREFIX'] || '{tidings}',
      keys,
      port: wanted ?? (await nextFreePort(API_PORT, { host, except: [receiverPort] })),
      workers: 0,
      hasRateLimits: true,
      env: { ...logEnv, ...retryEnv },
      watch,
      onOutput,
    });
    parts.tidings = tidings;

    // The webhook's secret, which the API generates, is in the file that the receiver reads.
    const token = tidings.token('alice', 'events:publish event-types:write');
    const receiverUrl = `http://127.0.0.1:${String(receiverPort)}/hook`;
    const webhook = await ensureDemoWebhook({ file: webhookFile, apiUrl: tidings.url, token, url: receiverUrl });
    const worker = await tidings.startWorker();
    void keepRunning(worker, { start: tidings.startWorker, stopped: stopping.signal, onOutput });

    const { postgres, redis, receiver } = parts;
    return {
      workerPid: worker.pid,
      guidance: guidance({
        apiUrl: tidings.url,
        receiverUrl,
        databaseUrl: postgres?.url,
        redisUrl: redis?.url,
        token,
        pageToken: tidings.token('alice', 'events:publish admin'),
        webhookId: webhook.id,
        event: await exampleEvent(tidings.url, token, 'alice'),
      }),
      unexpectedEnd: firstToEnd({
        PostgreSQL: postgres,
        Redis: redis,
        'The API': tidings.api,
        'The receiver': receiver,
      }),
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** The port that PORT says; undefined: any free one. */
function wantedPort(text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`PORT is a number up to 65535, not "${text}".`);
  return Number(text);
}

async function expectFree(port: number, host: string): Promise<void> {
  if (await isFree(port, host)) return;
  throw new Error(`Port ${String(port)} (PORT) is taken: stop what listens there, or set PORT to another one.`);
}

/** Keys of the environment, or else those that the folder keeps. */
function readKeys(folder: string, env: NodeJS.ProcessEnv): MachineKeys {
  const kept = keepMachineKeys(folder);
  return { JWT_SECRET: env['JWT_SECRET'] || kept.JWT_SECRET, SECRETS_KEYS: env['SECRETS_KEYS'] || kept.SECRETS_KEYS };
}

function firstToEnd(parts: Record<string, { ended: Promise<unknown> } | undefined>): Promise<string> {
  return Promise.race(
    Object.entries(parts).map(async ([name, part]) => {
      if (part === undefined) return new Promise<string>(() => undefined);
      const code = await part.ended;
      return `${name} ended ${typeof code === 'number' ? `with exit code ${String(code)}` : 'by a signal'}.`;
    }),
  );
}
