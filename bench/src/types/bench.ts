import { get } from 'node:http';
import { startTidings } from '@tidings/local';
import pg from 'pg';
import { KEYS } from '../keys.js';
import { median } from '../report.js';
import { withServers, type BenchOptions } from '../servers.js';

const TYPES = 2000;
const FIELDS = 15;
/** How often another connection asks the process for a sign of life, in milliseconds. */
const PROBE_MS = 5;
const WITHOUT_LIMITS = { RATE_LIMIT_PER_OWNER: '0', RATE_LIMIT_PER_IP: '0', NODE_ENV: 'production' };

const nameOf = (index: number): string => `shop${String(index % 50)}.item${String(index)}.sold`;

/** The fields of every type: texts, numbers, a list and an object. */
function schemaOf(more: object = {}): object {
  const fields = Array.from({ length: FIELDS - 2 }, (_, index) => [
    `field_${String(index)}`,
    index % 2 === 0 ? { type: 'string', maxLength: 100 } : { type: 'number', minimum: 0 },
  ]);
  const address = { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } }, required: ['city'] };
  return {
    type: 'object',
    properties: {
      ...(Object.fromEntries(fields) as Record<string, object>),
      tags: { type: 'array', items: { type: 'string' }, maxItems: 10 },
      address,
      ...more,
    },
    required: ['field_0'],
  };
}

/**
 * Prints how long requests take in an installation with 2,000 event types, and how long each keeps the process from others: the longest
 * answer to a probe of another connection meanwhile. Medians of the rounds; a document is written anew after each change of a type.
 */
export async function benchTypes(rounds: number, options: BenchOptions): Promise<undefined> {
  await withServers(async ({ databaseUrl, redisUrl, addCleanup }) => {
    const tidings = await startTidings({ databaseUrl, redisUrl, keys: KEYS, workers: 0, env: WITHOUT_LIMITS });
    addCleanup(() => tidings.stop());
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    addCleanup(() => sql.end());
    await addTypes(sql);

    const token = `Bearer ${tidings.token('ci', 'event-types:write events:publish')}`;
    const call = async (path: string, { method = 'GET', body }: { method?: string; body?: object } = {}): Promise<void> => {
      const headers = { authorization: token, 'content-type': 'application/json' };
      const response = await fetch(tidings.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${await response.text()}`);
      await response.arrayBuffer();
    };
    const description = 'An item was sold.';
    let changes = 0;
    const change = () => {
      changes += 1;
      const schema = schemaOf(
        Object.fromEntries(Array.from({ length: changes }, (_, index) => [`new_${String(index)}`, { type: 'string' }])),
      );
      return call(`/api/event-types/${nameOf(0)}`, { method: 'PUT', body: { description, audience: 'everyone', schema } });
    };
    const publish = (type: string) =>
      call('/api/events', { method: 'POST', body: { type, data: { field_0: 'a', address: { city: 'b' } } } });

    const requests: [string, (round: number) => Promise<void>, (() => Promise<void>)?][] = [
      ['a change of one type', change],
      ['an event of a type that was not used before', (round) => publish(nameOf(100 + round))],
      ['an event', () => publish(nameOf(1))],
      ['a page of 200 types', () => call('/api/event-types?limit=200')],
      ['a search that finds no type', () => call('/api/event-types?search=nothing')],
      ['/openapi.json after a change', () => call('/openapi.json'), change],
      ['/openapi.json', () => call('/openapi.json')],
      ['/asyncapi.json after a change', () => call('/asyncapi.json'), change],
      ['/asyncapi.json', () => call('/asyncapi.json')],
    ];
    await call('/healthz');
    const first = await timed(tidings.url, () => call('/openapi.json'));
    console.log(`\n${String(TYPES)} event types of ${String(FIELDS)} fields (medians of ${String(rounds)} rounds)`);
    console.log(`  the first /openapi.json: ${write(first)}`);
    for (const [name, run, prepare] of requests) {
      const times = [];
      for (let round = 0; round < rounds; round += 1) {
        await prepare?.();
        times.push(await timed(tidings.url, () => run(round)));
      }
      console.log(
        `  ${name}: ${write({ ms: median(times.map(({ ms }) => ms)), heldUpMs: median(times.map((time) => time.heldUpMs)) })}`,
      );
    }
  }, options);
}

const write = ({ ms, heldUpMs }: Time): string => `${ms.toFixed(1)} ms; others waited up to ${heldUpMs.toFixed(1)} ms`;

interface Time {
  ms: number;
  /** The longest time that a probe took meanwhile. */
  heldUpMs: number;
}

async function timed(url: string, run: () => Promise<void>): Promise<Time> {
  let heldUpMs = 0;
  const pending = new Set<Promise<void>>();
  const probe = (): void => {
    const startedAt = performance.now();
    const answered = new Promise<void>((resolve) => {
      get(`${url}/healthz`, (response) => {
        response.resume().once('end', () => {
          heldUpMs = Math.max(heldUpMs, performance.now() - startedAt);
          resolve();
        });
      }).once('error', () => {
        resolve();
      });
    });
    pending.add(answered);
    void answered.finally(() => pending.delete(answered));
  };
  const timer = setInterval(probe, PROBE_MS);
  const startedAt = performance.now();
  await run();
  const ms = performance.now() - startedAt;
  clearInterval(timer);
  await Promise.all(pending);
  return { ms, heldUpMs };
}

async function addTypes(sql: pg.Client): Promise<void> {
  await sql.query(
    `WITH added AS (
       INSERT INTO event_types (name, description, default_version) SELECT name, 'An item was sold.', 1 FROM unnest($1::text[]) AS name RETURNING name
     ), version AS (
       INSERT INTO event_type_versions (type, version, audience, owner_field, unknown_fields, schema, examples)
       SELECT name, 1, 'everyone', 'user_id', 'refuse', $2::json, '[]' FROM added
     )
     UPDATE event_type_state SET state = gen_random_uuid()`,
    [Array.from({ length: TYPES }, (_, index) => nameOf(index)), JSON.stringify(schemaOf())],
  );
}
