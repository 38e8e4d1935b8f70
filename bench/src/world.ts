import { startTidings, type LocalProcess, type Tidings, type TidingsOptions } from '@tidings/local';
import pg from 'pg';
import { inParallel } from './requests.js';
import type { Servers } from './servers.js';

/** Counts what is POSTed to it. */
export interface Receiver {
  url: string;
  pid: number;
  /** Resolves when so many POSTs more have come than `since`. */
  until: (since: number, more: number) => Promise<void>;
  count: () => Promise<number>;
}

const POLL_MS = 10;

/** Where a script of the bench listens. */
export function urlOf(script: LocalProcess): string {
  return `http://127.0.0.1:${/ready (\d+)/.exec(script.output())?.[1] ?? ''}/`;
}

export async function startReceiver({ start }: Servers): Promise<Receiver> {
  const script = await start('delivery/receiver.js');
  const url = urlOf(script);
  const count = async (): Promise<number> => Number(await (await fetch(url)).text());
  return {
    url,
    pid: script.pid,
    count,
    async until(since, more) {
      await until(async () => (await count()) - since >= more);
    },
  };
}

/** A Tidings whose deliveries are measured. */
export interface MeasuredTidings extends Tidings {
  /** A webhook of a user, as the API takes it. Answers with its id. */
  register: (user: string, webhook: { url: string; max_in_flight: number; event_types?: string[] }) => Promise<string>;
  /** Publishes events, `batch` in a request, four requests at a time, as a busy service would. */
  publish: (events: readonly object[], batch: number) => Promise<void>;
  /** Resolves when nothing is pending. */
  untilRecorded: () => Promise<void>;
  /** Publishes events, and resolves with the number of their deliveries when the receiver got and PostgreSQL recorded all. */
  deliver: (events: readonly object[], deliveries: number, receiver: Receiver) => Promise<number>;
  sql: pg.Client;
}

const PARALLEL = 4;
const BATCH = 100;

export async function startMeasured(
  { databaseUrl, redisUrl, atEnd }: Servers,
  { env, ...options }: Partial<TidingsOptions> = {},
): Promise<MeasuredTidings> {
  const tidings = await startTidings({
    databaseUrl,
    redisUrl,
    ...options,
    env: { NODE_ENV: 'production', LOG_LEVEL: 'info', LOG_FORMAT: 'json', MAX_IN_FLIGHT: '1000', ...env },
  });
  atEnd(() => tidings.stop());
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  atEnd(() => sql.end());

  const post = async (token: string, path: string, body: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(tidings.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${await response.text()}`);
    return response.json();
  };
  const service = tidings.token('service', 'events:publish');

  const publish = async (events: readonly object[], batch: number): Promise<void> => {
    let from = 0;
    await inParallel(PARALLEL, Math.ceil(events.length / batch), () =>
      post(service, '/api/events', { events: events.slice(from, (from += batch)) }),
    );
  };
  const untilRecorded = (): Promise<void> =>
    until(async () => {
      const { rows } = await sql.query<{ pending: boolean }>(
        "SELECT EXISTS (SELECT FROM deliveries WHERE wake_at IS NOT NULL) OR EXISTS (SELECT FROM deliveries WHERE stage = 'parked') AS pending",
      );
      return rows[0]?.pending === false;
    });

  return {
    ...tidings,
    sql,
    publish,
    untilRecorded,
    async register(user, webhook) {
      return ((await post(tidings.token(user), '/api/webhooks', webhook)) as { id: string }).id;
    },
    async deliver(events, deliveries, receiver) {
      const before = await receiver.count();
      await publish(events, BATCH);
      await receiver.until(before, deliveries);
      await untilRecorded();
      return deliveries;
    },
  };
}

/** Resolves when it is so: asks at once, and then every so many milliseconds. */
export async function until(done: () => Promise<boolean>, pollMs = POLL_MS): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, pollMs));
}
