import pg from 'pg';
import { startTidings } from '@tidings/local';
import {
  budgetPathOf,
  costlyRequestOf,
  costlyRequests,
  encode,
  exchange,
  inBudgetOrder,
  makeBusy,
  worstRequests,
  type BudgetOperation,
  type BudgetRequest,
} from '@tidings/testing';
import { median } from '../report.js';
import { KEYS } from '../keys.js';
import { withServers, type BenchOptions } from '../servers.js';
import { cpuTimeMs } from './cpu-time.js';

const OWNER = 'bench-budget';
const WEBHOOKS = 5;
/** No limit on the number of requests. */
const ENV = {
  NODE_ENV: 'production',
  LOG_FORMAT: 'json',
  WEBHOOKS_PER_OWNER: '10000',
  SECURITY_CONTACT: 'mailto:security@example.com',
  ...Object.fromEntries(
    ['PER_OWNER', 'PER_IP', 'AUTH_FAILURES', 'COSTLY', 'PER_HOST', 'PUBLISH'].map((name) => [`RATE_LIMIT_${name}`, '0']),
  ),
};
/** What one request may cost (I12), in milliseconds. */
const BUDGET = { loop: 50, database: 100 };
/** Nothing runs beside a request of this bench: a cost that is not there again was that of a collection of garbage. */
const REPEATS = 5;
/** The first one removes the webhook, and the other one waits for a worker, of which there is none. */
const NOT_ATTACKED = ['removeWebhook', 'testWebhook'];

interface Operation extends BudgetOperation {
  scope: string | undefined;
}

interface Row {
  request: string;
  status: number;
  loopMs: number;
  databaseMs: number;
  answerMs: number;
  bytes: number;
}

/**
 * Prints, for each route, the request that costs the API's event loop and the database the most, the worst one first: of an owner with
 * a full log, and of thousands of hostile ones.
 */
export async function benchBudget(_rounds: number, options: BenchOptions): Promise<undefined> {
  await withServers(async ({ databaseUrl, redisUrl, addCleanup }) => {
    const tidings = await startTidings({ databaseUrl, redisUrl, keys: KEYS, workers: 0, env: ENV });
    addCleanup(() => tidings.stop());
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    addCleanup(() => sql.end());

    const webhooks: string[] = [];
    for (let count = 0; count < WEBHOOKS; count += 1) webhooks.push(await register(tidings));
    const ids = await makeBusy(sql, OWNER, String(webhooks[0]), { vacuum: !options.year });
    const operations = await readOperations(tidings.url);

    const sessions = async (): Promise<number[]> => {
      const { rows } = await sql.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      return rows.map(({ pid }) => pid);
    };
    const measure = async (request: BudgetRequest, { scope }: Operation): Promise<Row> => {
      const hasToken = request.headers.some(([name]) => name === 'authorization');
      const token = tidings.token(scope === 'admin' ? 'olga' : OWNER, scope ?? '');
      const headers: [string, string][] = hasToken ? [] : [['authorization', `Bearer ${token}`]];
      const bytes = encode({ ...request, headers: [...headers, ...request.headers] });
      const before = new Map((await sessions()).map((pid) => [pid, cpuTimeMs(pid)]));
      const loop = cpuTimeMs(tidings.api.pid);
      const startedAt = performance.now();
      const answer = await exchange(tidings.url, bytes);
      const answerMs = performance.now() - startedAt;
      const loopMs = cpuTimeMs(tidings.api.pid) - loop;
      const databaseMs = (await sessions()).reduce((sum, pid) => sum + cpuTimeMs(pid) - (before.get(pid) ?? 0), 0);
      return { request: request.name, status: answer.status, loopMs, databaseMs, answerMs, bytes: answer.bytes };
    };
    const worst = new Map<string, Row>();
    const keep = (operation: Operation, row: Row): void => {
      const known = worst.get(operation.operationId);
      if (known === undefined || shareOf(row) > shareOf(known)) worst.set(operation.operationId, row);
    };
    const inOrder = inBudgetOrder(operations);
    for (const operation of inOrder.filter(({ operationId }) => !NOT_ATTACKED.includes(operationId))) {
      for (const request of worstRequests(operation, budgetPathOf(operation, ids))) {
        let row = await measure(request, operation);
        for (let count = 1; count < REPEATS && shareOf(row) > shareOf(worst.get(operation.operationId)); count += 1) {
          const again = await measure(request, operation);
          if (shareOf(again) < shareOf(row)) row = again;
        }
        keep(operation, row);
      }
    }
    for (const operation of inOrder) {
      if (operation.operationId === 'testWebhook') continue;
      for (const costly of costlyRequests[operation.operationId] ?? []) {
        const request = costlyRequestOf(operation, costly, ids);
        const rows: Row[] = [];
        while (rows.length < (costly.isOnce === true ? 1 : REPEATS)) rows.push(await measure(request, operation));
        const of = (value: (row: Row) => number): number => median(rows.map(value));
        keep(operation, {
          ...(rows[0] as Row),
          loopMs: of(({ loopMs }) => loopMs),
          databaseMs: of(({ databaseMs }) => databaseMs),
          answerMs: of(({ answerMs }) => answerMs),
        });
      }
    }
    print(worst, options.year);
  }, options);
  return undefined;
}

/** The larger part of the two budgets that a request takes. */
function shareOf(row: Row | undefined): number {
  return row === undefined ? 0 : Math.max(row.loopMs / BUDGET.loop, row.databaseMs / BUDGET.database);
}

function print(worst: ReadonlyMap<string, Row>, isYear: boolean): void {
  console.log(
    `\nThe costliest request of each route${isYear ? ' at the size of a year' : ''}, against ${String(BUDGET.loop)} ms of the event loop and ${String(BUDGET.database)} ms of the database (Node ${process.version})`,
  );
  console.log('  event loop   database     answer       bytes');
  for (const [operation, row] of [...worst].sort(([, one], [, other]) => shareOf(other) - shareOf(one))) {
    const ms = [row.loopMs, row.databaseMs, row.answerMs].map((value) => `${value.toFixed(1).padStart(7)} ms`).join(' ');
    const mark = shareOf(row) > 1 ? ' OVER' : '';
    console.log(`${ms} ${String(row.bytes).padStart(11)}  ${operation} ${row.request} (${String(row.status)})${mark}`);
  }
}

async function register({ url, token }: { url: string; token: (owner: string) => string }): Promise<string> {
  const response = await fetch(`${url}/api/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token(OWNER)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'https://example.com/' }),
  });
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { id: string }).id;
}

interface Described {
  operationId: string;
  security: Record<string, string[]>[];
  parameters: BudgetOperation['parameters'];
  requestBody?: { content: Record<string, { example?: unknown }> };
}

async function readOperations(url: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, Record<string, Described>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, security, requestBody }]) => ({
      operationId,
      method,
      path,
      parameters,
      scope: security[0]?.['bearer']?.[0],
      example: requestBody?.content['application/json']?.example,
    })),
  );
}
