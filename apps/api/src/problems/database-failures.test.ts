import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { readDocument, type Operation } from '../../test/api-document.js';
import {
  createOperationClient,
  type OperationClient,
  type OperationResponse,
  type ResourceIds,
} from '../../test/call-operations.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * Calls every operation of the OpenAPI document while the database fails in every way that lies outside of the API. No operation
 * may answer 500: a caller must learn that the same request may succeed later.
 */
let api: TestApi;
let client: OperationClient;
let operations: Operation[];
let proxy: FaultProxy;
/** The role that the API connects with: unlike the superuser of the suites, limits and rights concern it. */
const role = `api_${randomBytes(6).toString('hex')}`;
let ids: ResourceIds;

beforeAll(async () => {
  api = await startApi({
    readinessMaxAgeMs: 0,
    env: { DATABASE_POOL: '3', WEBHOOKS_PER_OWNER: '1000' },
    reachDatabase: async (url) => {
      proxy = await createFaultProxy(url);
      const reached = new URL(proxy.url);
      await prepareRole(url);
      reached.username = role;
      reached.password = 'right';
      return reached.href;
    },
  });
  operations = (await readDocument(api)).operations;
  client = createOperationClient(api);
  await sql(`CREATE FUNCTION public.fail(code text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'it fails' USING ERRCODE = code; END $$`);
});
afterAll(async () => {
  await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await api.stop();
  await proxy.disconnect();
});

async function prepareRole(url: string): Promise<void> {
  const { openDatabase } = await import('@tidings/database');
  const { pool, close } = openDatabase({ url });
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`);
  await pool.query(`GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  await close();
}

const sql = (statement: string) => api.database.pool.query(statement);
const databaseName = async () =>
  (await api.database.pool.query<{ name: string }>('SELECT current_database() AS name')).rows[0]?.name ?? '';
/** Ends the API's connections, so that it has to open new ones. */
const endConnections = () => sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);

/** Operations that answer without the database. */
const WITHOUT_DATABASE = new Set([
  'getHealth',
  'getAsyncApi',
  'getReference',
  'getOpenApi',
  'issueStreamTicket',
  'getSecurityTxt',
  'getEgressRules',
  'startQueuesSession',
  // A test of a webhook is handed to a worker once the webhook was read; a stream that is open ends instead of being answered.
  'followEvents',
]);
const usesDatabase = ({ operationId }: Operation): boolean => !WITHOUT_DATABASE.has(operationId);

/** Calls all operations at the same time, and returns the answers by their names. */
async function callAll(): Promise<Map<string, OperationResponse>> {
  const token = api.token('alice', { scope: 'events:publish admin' });
  const answers = await Promise.all(
    operations.map(async (operation) => {
      const answer = await client.call(operation, ids, token);
      return [operation.operationId, answer] as const;
    }),
  );
  return new Map(answers as [string, OperationResponse][]);
}

/** Creates what the operations need, lets the database fail, and calls all operations. The API works again afterwards. */
async function callAllDuring(fail: () => Promise<unknown>, mend: () => Promise<unknown>) {
  await eventually(async () => {
    expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  });
  ids = await client.createResources('alice');
  await fail();
  try {
    return await callAll();
  } finally {
    await mend();
  }
}

/** Expects a 503 with `Retry-After` from each of the operations, and no 500 from any. */
function expectUnavailable(answers: Awaited<ReturnType<typeof callAll>>, expected: (operation: Operation) => boolean): void {
  const summary = (wanted: (operation: Operation) => boolean) =>
    operations.filter(wanted).map(({ operationId }) => {
      const { status, retryAfter } = answers.get(operationId) ?? { status: 0, retryAfter: null };
      return `${operationId} ${String(status)} ${status === 503 && operationId !== 'getReadiness' ? String(Number(retryAfter) > 0) : ''}`;
    });
  const unavailable = ({ operationId }: Operation) => `${operationId} 503 ${operationId === 'getReadiness' ? '' : 'true'}`;
  expect(summary(expected)).toEqual(operations.filter(expected).map(unavailable));
  expect([...answers].filter(([, { status }]) => status === 500)).toEqual([]);
}

describe('every operation answers 503 with Retry-After, and none 500,', () => {
  test('while PostgreSQL is down', async () => {
    expectUnavailable(await callAllDuring(proxy.disconnect, proxy.restore), usesDatabase);
  });

  test('while PostgreSQL does not answer', async () => {
    const freeze = () => {
      proxy.freeze();
      return Promise.resolve();
    };
    const mend = async () => {
      await proxy.disconnect();
      await proxy.restore();
    };
    expectUnavailable(await callAllDuring(freeze, mend), usesDatabase);
  });

  test('while the password is wrong', async () => {
    const fail = async () => {
      await sql(`ALTER ROLE ${role} PASSWORD 'wrong'`);
      await endConnections();
    };
    expectUnavailable(await callAllDuring(fail, () => sql(`ALTER ROLE ${role} PASSWORD 'right'`)), usesDatabase);
  });

  test('while PostgreSQL has no connection left', async () => {
    const name = await databaseName();
    const fail = async () => {
      await sql(`ALTER DATABASE ${name} CONNECTION LIMIT 0`);
      await endConnections();
    };
    expectUnavailable(await callAllDuring(fail, () => sql(`ALTER DATABASE ${name} CONNECTION LIMIT -1`)), usesDatabase);
  });

  test('while the role has no rights', async () => {
    const change = (verb: string) => sql(`${verb} role_of_api`.replace('role_of_api', role));
    const fail = () => change('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM');
    expectUnavailable(
      await callAllDuring(fail, () => change('GRANT ALL ON ALL TABLES IN SCHEMA public TO')),
      (operation) => usesDatabase(operation) && operation.operationId !== 'getReadiness',
    );
  });

  test('while the tables are missing', async () => {
    const fail = async () => {
      await sql('ALTER SCHEMA public RENAME TO away');
      // The statements of open connections are prepared.
      await endConnections();
    };
    expectUnavailable(await callAllDuring(fail, () => sql('ALTER SCHEMA away RENAME TO public')), usesDatabase);
  });

  test('that waits for a lock, and whose connections an administrator or the network then ends', async () => {
    for (const end of [endConnections, proxy.disconnect]) {
      const holder = await api.database.pool.connect();
      await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
      const { rows } = await holder.query<{ name: string }>(
        `SELECT format('%I', relname) AS name FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
      );
      const lock = () => holder.query(`LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN ACCESS EXCLUSIVE MODE`);
      let ending: Promise<unknown> = Promise.resolve();
      const fail = async () => {
        await lock();
        ending = eventually(async () => {
          const { rowCount } = await sql(`SELECT FROM pg_stat_activity WHERE usename = '${role}' AND wait_event_type = 'Lock'`);
          expect(rowCount).toBeGreaterThan(2);
          await end();
        });
      };
      const mend = async () => {
        await ending;
        await holder.query('ROLLBACK');
        holder.release();
        await proxy.restore();
      };
      const answers = await callAllDuring(fail, mend);
      expectUnavailable(answers, (operation) => usesDatabase(operation) && operation.operationId !== 'getReadiness');
    }
  });
});

describe('every operation answers 503 with Retry-After when PostgreSQL fails its statement with', () => {
  /** The SQLSTATE with which every statement fails; null: none does. */
  let failWith: string | null = null;
  beforeAll(() => {
    for (const { pool } of Object.values(api.databases)) pool.on('acquire', failStatements);
  });

  type Query = (this: unknown, statement: string | { text: string }, ...more: unknown[]) => unknown;
  const patched = new WeakSet<object>();
  /** Lets the statements of a connection fail on the real server, and not those that begin and end a transaction. */
  function failStatements(connection: object): void {
    if (patched.has(connection)) return;
    patched.add(connection);
    const original = (connection as { query: Query }).query;
    const query: Query = function (statement, ...more) {
      const text = typeof statement === 'string' ? statement : statement.text;
      if (failWith === null || /^\s*(BEGIN|COMMIT|ROLLBACK|SET)\b/i.test(text)) return original.call(this, statement, ...more);
      const callback = more.filter((one) => typeof one === 'function');
      const failing = `SELECT public.fail('${failWith}')`;
      const isArray = typeof statement === 'object' && 'rowMode' in statement ? { rowMode: 'array' } : {};
      return original.call(this, { text: failing, ...isArray }, ...callback);
    };
    Object.assign(connection, { query });
  }

  test.each([
    ['08006', 'a failure of a connection'],
    ['25006', 'a write on a standby'],
    ['28P01', 'a wrong password'],
    ['3D000', 'a missing database'],
    ['3F000', 'a missing schema'],
    ['40001', 'a serialization failure'],
    ['40P01', 'a deadlock'],
    ['42501', 'a missing right'],
    ['42P01', 'a missing table'],
    ['42703', 'a missing column'],
    ['53100', 'a full disk'],
    ['53200', 'no memory'],
    ['53300', 'too many connections'],
    ['53400', 'a limit of the configuration'],
    ['55P03', 'a lock that is not free'],
    ['57014', 'a time limit'],
    ['57P01', 'a shutdown'],
    ['57P03', 'a start'],
    ['58030', 'a failing disk'],
  ])('%s: %s', async (code) => {
    const fail = () => Promise.resolve((failWith = code));
    const mend = () => Promise.resolve((failWith = null));
    expectUnavailable(await callAllDuring(fail, mend), usesDatabase);
  });
});
