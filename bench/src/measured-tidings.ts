import { startTidings, type LocalProcess, type Tidings, type TidingsOptions } from '@tidings/local';
import pg from 'pg';
import { runConcurrently } from './requests.js';
import { KEYS } from './keys.js';
import type { Servers } from './servers.js';

/** A receiver that counts requests. */
export interface Receiver {
  url: string;
  pid: number;
  /** Resolves when the count has reached `since + more`. */
  waitFor: (since: number, more: number) => Promise<void>;
  count: () => Promise<number>;
}

const POLL_MS = 10;

/** The URL of a script of the bench, from its output. */
export function urlOf(script: LocalProcess): string {
  return `http://127.0.0.1:${/ready (\d+)/.exec(script.output())?.[1] ?? ''}/`;
}

/** Starts a receiver that answers 204. */
export async function startReceiver({ start }: Servers): Promise<Receiver> {
  const script = await start('delivery/receiver.js');
  const url = urlOf(script);
  const count = async (): Promise<number> => Number(await (await fetch(url)).text());
  return {
    url,
    pid: script.pid,
    count,
    async waitFor(since, more) {
      await pollUntil(async () => (await count()) - since >= more);
    },
  };
}

/** A running Tidings whose deliveries are measured. */
export interface MeasuredTidings extends Tidings {
  /** Registers a webhook of the owner, and returns its id. */
  register: (owner: string, webhook: { url: string; max_in_flight: number; event_types?: string[] }) => Promise<string>;
  /** Publishes events, `batch` in a request, four requests at a time, like a busy service. */
  publish: (events: readonly object[], batch: number) => Promise<void>;
  /** Pauses or resumes the deliveries of all webhooks. */
  pauseAll: (paused: boolean) => Promise<void>;
  /** Resolves when the deliveries of all events are written. */
  waitUntilExpanded: () => Promise<void>;
  /** Resolves when no delivery is pending, except those that were there before. */
  waitUntilRecorded: () => Promise<void>;
  /** Publishes events, and resolves with `deliveries` when the receiver has got that number and PostgreSQL has recorded all. */
  deliver: (events: readonly object[], deliveries: number, receiver: Receiver) => Promise<number>;
  sql: pg.Client;
}

const PARALLEL = 4;
const BATCH = 100;

/** Starts one API and one worker, or as many workers as `workers` says. */
export async function startMeasuredTidings(
  { databaseUrl, redisUrl, addCleanup }: Servers,
  { env, ...options }: Partial<TidingsOptions> = {},
): Promise<MeasuredTidings> {
  const tidings = await startTidings({
    databaseUrl,
    redisUrl,
    keys: KEYS,
    ...options,
    env: { NODE_ENV: 'production', LOG_LEVEL: 'info', LOG_FORMAT: 'json', MAX_IN_FLIGHT: '1000', ...env },
  });
  addCleanup(() => tidings.stop());
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  addCleanup(() => sql.end());

  const post = async (token: string, path: string, body: object, method = 'POST'): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(tidings.url + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${await response.text()}`);
    return response.json();
  };
  const service = tidings.token('service', 'events:publish');

  const publish = async (events: readonly object[], batch: number): Promise<void> => {
    let from = 0;
    await runConcurrently(PARALLEL, Math.ceil(events.length / batch), () =>
      post(service, '/api/events', { events: events.slice(from, (from += batch)) }),
    );
  };
  const { rows: events } = await sql.query<{ last: string | null }>('SELECT max(position) AS last FROM events');
  const waitUntilRecorded = (): Promise<void> =>
    pollUntil(async () => {
      const { rows } = await sql.query<{ pending: boolean }>(
        'SELECT EXISTS (SELECT FROM pending_deliveries WHERE event_position > $1) OR EXISTS (SELECT FROM expansions) AS pending',
        [events[0]?.last ?? 0],
      );
      return rows[0]?.pending === false;
    });

  return {
    ...tidings,
    sql,
    publish,
    waitUntilExpanded: () => pollUntil(async () => (await sql.query('SELECT FROM expansions LIMIT 1')).rowCount === 0),
    waitUntilRecorded,
    async pauseAll(paused) {
      await post(tidings.token('operator', 'admin'), '/api/admin/pause', { paused }, 'PATCH');
    },
    async register(owner, webhook) {
      return ((await post(tidings.token(owner), '/api/webhooks', webhook)) as { id: string }).id;
    },
    async deliver(events, deliveries, receiver) {
      const before = await receiver.count();
      await publish(events, BATCH);
      await receiver.waitFor(before, deliveries);
      await waitUntilRecorded();
      return deliveries;
    },
  };
}

/** Calls `done` immediately and then every `pollMs`, until it resolves with true. */
export async function pollUntil(done: () => Promise<boolean>, pollMs = POLL_MS): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, pollMs));
}
