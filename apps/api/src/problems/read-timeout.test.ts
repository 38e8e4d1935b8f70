import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDocument, type Operation } from '../../test/api-document.js';
import { createOperationClient, type OperationClient, type OperationResponse } from '../../test/call-operations.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * While all tables are locked, a statement ends at the first of two limits: that of reads after a second, or that of locks after two.
 * PostgreSQL measures both, so that a slow machine changes nothing.
 */
const READ = 'The database took too long';
const WRITE = 'The database is not available';

let api: TestApi;
let client: OperationClient;
let operations: Operation[];

/** Operations that read no table, and the probe, which checks in its own way. */
const WITHOUT_TABLES = new Set([
  'getHealth',
  'getReadiness',
  'getAsyncApi',
  'getReference',
  'getOpenApi',
  'getSecurityTxt',
  'getEgressRules',
]);

/** Calls operations while all tables are locked, and returns their answers. */
async function callWhileLocked(called: readonly Operation[]): Promise<OperationResponse[]> {
  const ids = await client.createResources('alice');
  const token = api.token('alice', { scope: 'events:publish admin' });
  const holder = await api.database.pool.connect();
  try {
    const { rows } = await holder.query<{ tables: string }>(
      "SELECT string_agg(oid::regclass::text, ', ') AS tables FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
    );
    await holder.query(`BEGIN; LOCK TABLE ${String(rows[0]?.tables)} IN ACCESS EXCLUSIVE MODE`);
    return await Promise.all(called.map((operation) => client.call(operation, ids, token)));
  } finally {
    // Ends the transaction, too.
    holder.release(true);
  }
}

/** The status, the header `Retry-After` and the title of an answer. */
const summaryOf = ({ status, retryAfter, body }: OperationResponse) => [status, retryAfter, (body as { title?: string }).title];

describe.each(['none', 'transaction'])('with DATABASE_POOLER=%s,', (pooler) => {
  beforeAll(async () => {
    // More connections than operations, so that none waits for one.
    api = await startApi({ env: { DATABASE_POOL: '60', DATABASE_POOLER: pooler } });
    client = createOperationClient(api);
    operations = (await readDocument(api)).operations;
  });
  afterAll(() => api.stop());

  test('every route that reads answers 503 with Retry-After when a statement takes a second', async () => {
    const reads = operations.filter(({ method, operationId }) => method === 'get' && !WITHOUT_TABLES.has(operationId));
    const answers = await callWhileLocked(reads);
    expect(reads.map(({ operationId }, index) => [operationId, ...summaryOf(answers[index] as OperationResponse)])).toEqual(
      reads.map(({ operationId }) => [operationId, 503, '1', READ]),
    );
    expect(reads.length).toBeGreaterThan(15);
  });

  test('routes that write keep their own limits', async () => {
    const writes = operations.filter(({ operationId }) =>
      ['publishEvents', 'changeDeliveryPause', 'changeOwner'].includes(operationId),
    );
    expect((await callWhileLocked(writes)).map(summaryOf)).toEqual(writes.map(() => [503, '1', WRITE]));
  });
});
