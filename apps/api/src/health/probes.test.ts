import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openRaw, statusesIn } from '../../test/raw-socket.js';
import { startApi, type TestApi } from '../../test/start-api.js';

const CONNECTIONS = 10;
const PROBES_OF_EACH = 100;
/** Part of a statement that only the check of PostgreSQL sends, once on each pool. */
const CHECK = "current_setting('transaction_read_only')";

let api: TestApi;
let statements = 0;
beforeAll(async () => {
  // A result counts until the end of the test, however slow the machine is.
  api = await startApi({ readinessMaxAgeMs: 600_000 });
  for (const { pool } of Object.values(api.databases)) {
    const query = pool.query.bind(pool) as (...input: unknown[]) => unknown;
    pool.query = ((...input: unknown[]) => {
      if (JSON.stringify(input[0]).includes(CHECK)) statements += 1;
      return query(...input);
    }) as typeof pool.query;
  }
});
afterAll(() => api.stop());

/** Sends probes on one connection, and returns the statuses of their answers. */
async function probe(count: number): Promise<number[]> {
  const socket = await openRaw(api.url);
  socket.send('GET /readyz HTTP/1.1\r\nHost: tidings\r\n\r\n'.repeat(count - 1));
  socket.send('GET /readyz HTTP/1.1\r\nHost: tidings\r\nConnection: close\r\n\r\n');
  return statusesIn(await socket.closed);
}

test('a thousand probes, and the metrics, cost one check of PostgreSQL', async () => {
  const statuses = await Promise.all(Array.from({ length: CONNECTIONS }, () => probe(PROBES_OF_EACH)));
  expect(statuses.flat()).toEqual(Array<number>(CONNECTIONS * PROBES_OF_EACH).fill(200));
  expect(await api.metrics()).toContain('tidings_dependency_up{dependency="postgresql"} 1');
  expect(statements).toBe(Object.keys(api.databases).length);
});
