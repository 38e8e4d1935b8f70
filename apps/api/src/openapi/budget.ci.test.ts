// Only in CI: it sends thousands of requests to a database of 200,000 rows.
import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '@tidings/database';
import {
  costlyRequests,
  encode,
  exchange,
  flushStatistics,
  worstRequests,
  type BudgetAnswer,
  type BudgetRequest,
  type CostlyIds,
} from '@tidings/testing';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { createBusyOwners } from '../../test/busy-owner.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
let document: ApiDocument;
let outside: Database;
let busy: Map<string, CostlyIds>;
beforeAll(async () => {
  api = await startApi({ readinessMaxAgeMs: 0, env: { DATABASE_POOL: '3', WEBHOOKS_PER_OWNER: '10000' } });
  document = await readDocument(api);
  // Connected to another database, so that its own statements are not counted.
  outside = openDatabase({ url: Object.assign(new URL(api.databaseUrl), { pathname: '/postgres' }).href });
  fs.appendFileSync('/tmp/budget.log', 'started ' + new Date().toISOString() + '\n');
  busy = await createBusyOwners(api, ['alice', 'bob']);
  fs.appendFileSync('/tmp/budget.log', 'seeded ' + new Date().toISOString() + '\n');
}, 120_000);
afterAll(async () => {
  await outside.close();
  await api.stop();
});

interface Cost {
  answer: BudgetAnswer;
  cpuMs: number;
  rows: number;
  buffers: number;
}

const isAdminOperation = ({ path }: Operation): boolean => path.startsWith('/api/admin/');
const idsOf = (operation: Operation): CostlyIds => busy.get(isAdminOperation(operation) ? 'bob' : 'alice') as CostlyIds;

function pathOf(operation: Operation, isPending = false): string {
  const ids = idsOf(operation);
  const named: Record<string, string> = { owners: ids.owner, webhooks: ids.webhook, deliveries: isPending ? ids.pending : ids.delivery, events: ids.event };
  return operation.path.replace(/([^/]+)\/\{\w+\}/g, (_match, segment: string) => `${segment}/${String(named[segment])}`);
}

async function counts(): Promise<{ rows: number; buffers: number }> {
  for (const { pool } of Object.values(api.databases)) await flushStatistics(pool);
  const { rows } = await outside.pool.query<{ rows: string; buffers: string }>(
    'SELECT tup_returned + tup_fetched AS rows, blks_hit + blks_read AS buffers FROM pg_stat_database WHERE datname = $1',
    [new URL(api.databaseUrl).pathname.slice(1)],
  );
  return { rows: Number(rows[0]?.rows), buffers: Number(rows[0]?.buffers) };
}

async function measure(request: BudgetRequest, token?: string): Promise<Cost> {
  const headers: BudgetRequest['headers'] = [
    ...(token === undefined || request.headers.some(([name]) => name === 'authorization') ? [] : [['authorization', `Bearer ${token}`] as const]),
    ...request.headers,
  ].map(([name, value]): [string, string] => [name, value]);
  const bytes = encode({ ...request, headers });
  const before = await counts();
  const used = process.cpuUsage();
  const answer = await exchange(api.url, bytes);
  const { user, system } = process.cpuUsage(used);
  const after = await counts();
  return { answer, cpuMs: (user + system) / 1000, rows: after.rows - before.rows, buffers: after.buffers - before.buffers };
}

const log: string[] = [];
describe('x', () => {
  test('costly', async () => {
    const order = ['get', 'post', 'patch', 'delete'];
    const ops = document.operations.toSorted((a, b) => order.indexOf(a.method) - order.indexOf(b.method));
    for (const operation of ops) {
      for (const [index, costly] of (costlyRequests[operation.operationId] ?? []).entries()) {
        const ids = idsOf(operation);
        const body = costly.body && Buffer.from(JSON.stringify(costly.body(ids)));
        const path = pathOf(operation, costly.isPending);
        const request: BudgetRequest = {
          name: `costly ${String(index)}`,
          method: operation.method,
          target: costly.query === undefined ? operation.operationId === 'listDeliveriesOfEvent' ? `${path}?event_id=${ids.event}` : path : `${path}?${costly.query}${operation.operationId.startsWith('listDeliveriesOfEvent')||operation.operationId==='listDeliveriesOfAnyEvent' ? `&event_id=${ids.event}` : ''}`,
          headers: body ? [['content-type', 'application/json']] : [],
          ...(body && { body }),
        };
        for (let i = 0; i < (costly.isOnce ? 1 : 3); i += 1) {
          const cost = await measure(request, api.token(isAdminOperation(operation) ? 'olga' : 'alice', { scope: operation.scope ?? '' }));
          fs.appendFileSync('/tmp/budget.log', `${new Date().toISOString()} ${operation.operationId} ${String(cost.cpuMs)}\n`);
          log.push(`${cost.cpuMs.toFixed(1).padStart(8)} ms ${String(cost.rows).padStart(8)} rows ${String(cost.buffers).padStart(8)} buf ${String(cost.answer.status)} ${String(cost.answer.bytes)} ${operation.operationId} ${JSON.stringify(costly).slice(0, 90)}${cost.answer.status >= 400 ? cost.answer.head : ''}`);
        }
      }
    }
    fs.writeFileSync('/tmp/costly.txt', log.join('\n'));
  }, 300_000);
  test('hostile', async () => {
    log.length = 0;
    let n = 0;
    for (const operation of document.operations) {
      for (const request of worstRequests(operation, pathOf(operation))) {
        for (const token of [undefined, api.token('eve', { scope: operation.scope ?? '' })]) {
          n += 1;
          const used = process.cpuUsage();
          const headers: BudgetRequest['headers'] = token === undefined || request.headers.some(([name]) => name === 'authorization') ? request.headers : [['authorization', `Bearer ${token}`], ...request.headers];
          const answer = await exchange(api.url, encode({ ...request, headers }));
          const { user, system } = process.cpuUsage(used);
          log.push(`${((user + system) / 1000).toFixed(1).padStart(8)} ms ${String(answer.status)} ${String(answer.bytes)} ${operation.operationId} ${request.name} ${token === undefined ? '' : 'token'}`);
        }
      }
    }
    fs.writeFileSync('/tmp/hostile.txt', String(n) + '\n' + log.sort().reverse().join('\n'));
  }, 600_000);
});
