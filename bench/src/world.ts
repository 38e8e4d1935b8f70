import { startTidings, type LocalProcess, type Tidings, type TidingsOptions } from '@tidings/local';
import pg from 'pg';
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
  /** A webhook of a user for all events, at the receiver. Answers with its id. */
  register: (user: string, url: string, maxInFlight: number) => Promise<string>;
  /** Publishes events, `batch` in a request, four requests at a time, as a busy service would. */
  publish: (events: readonly object[], batch: number) => Promise<void>;
  /** Resolves when nothing is pending. */
  untilRecorded: () => Promise<void>;
  sql: pg.Client;
}

const PARALLEL = 4;

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

  return {
    ...tidings,
    sql,
    async register(user, url, maxInFlight) {
      const webhook = await post(tidings.token(user), '/api/webhooks', { url, max_in_flight: maxInFlight });
      return (webhook as { id: string }).id;
    },
    async publish(events, batch) {
      let from = 0;
      const publisher = async (): Promise<void> => {
        while (from < events.length) {
          const some = events.slice(from, (from += batch));
          await post(service, '/api/events', { events: some });
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, publisher));
    },
    async untilRecorded() {
      await until(async () => {
        const { rows } = await sql.query<{ pending: boolean }>(
          "SELECT EXISTS (SELECT FROM deliveries WHERE wake_at IS NOT NULL) OR EXISTS (SELECT FROM deliveries WHERE stage = 'parked') AS pending",
        );
        return rows[0]?.pending === false;
      });
    },
  };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
