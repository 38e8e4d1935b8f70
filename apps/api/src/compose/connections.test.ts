import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitForBlockedQueries, withWebhooksLocked } from '../../test/locks.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/** The connections of the whole process, and more requests than that: they would occupy a pool that everything shares. */
const DATABASE_POOL = 6;
const REQUESTS = DATABASE_POOL + 2;
/** The time after which a statement that waits for a lock fails: the default of `openDatabase`. */
const LOCK_TIMEOUT_MS = 2000;

let api: TestApi;
let deliveryId: string;
let webhookId: string;
beforeAll(async () => {
  api = await startApi({ readinessMaxAgeMs: 0, env: { DATABASE_POOL: String(DATABASE_POOL), WEBHOOKS_PER_OWNER: '100' } });
  const registered = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
  webhookId = (registered.body as { id: string }).id;
  expect(await publish()).toBe(202);
  const page = await api.as('alice').get(`/api/webhooks/${webhookId}/deliveries`);
  deliveryId = (page.body as { data: { id: string }[] }).data[0]?.id ?? '';
});
afterAll(() => api.stop());

/** Sends a request and returns the status of the answer. */
type Send = () => PromiseLike<number>;

const statusOf = ({ status }: { status: number }) => status;
const publish: Send = () => publishRequest().then(statusOf);
const publishWith = (key: string) => publishRequest().set('idempotency-key', key).then(statusOf);
const publishRequest = () =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type: 'sync.failed', data: { user_id: 'alice', error_message: 'gone' } });
const register: Send = () =>
  api.as('bob').post('/api/webhooks').send({ url: 'https://example.com/', enabled: false }).then(statusOf);
const change: Send = () => api.as('alice').patch(`/api/webhooks/${webhookId}`).send({ description: 'new' }).then(statusOf);
const readDelivery: Send = () => api.as('alice').get(`/api/deliveries/${deliveryId}`).then(statusOf);
const listWebhooks: Send = () => api.as('alice').get('/api/webhooks').then(statusOf);
const listEvents: Send = () => api.as('alice').get('/api/events').then(statusOf);
const readPause: Send = () => api.as('olga', 'admin').get('/api/admin/pause').then(statusOf);
const readiness: Send = () => api.as('alice').get('/readyz').then(statusOf);

/** Reads how many connections each pool has. */
async function readConnections(): Promise<Map<string, number>> {
  const series = (await api.metrics()).matchAll(/^tidings_database_pool_max_connections\{pool="(\w+)"\} (\d+)$/gm);
  return new Map([...series].map(([, pool = '', connections]) => [pool, Number(connections)]));
}

interface Blocked {
  /** The pool, each of whose connections is to wait for the lock. */
  pool: string;
  lock: string;
  request: (index: number) => PromiseLike<number>;
}
/** Sends requests until each connection of their pool waits for the lock. Then returns the answers to `others`. */
async function answersWhileBlocked({ pool, lock, request }: Blocked, others: readonly Send[]) {
  const connections = (await readConnections()).get(pool) ?? 0;
  const holder = await api.database.pool.connect();
  await holder.query('BEGIN');
  await holder.query(lock);
  let answered = 0;
  const count = (): void => void (answered += 1);
  // `then` sends the requests.
  const requests = Array.from({ length: REQUESTS }, (_, index) => request(index).then(count, count));
  try {
    await waitForBlockedQueries(api.database, connections, LOCK_TIMEOUT_MS);
    const statuses = await Promise.all(others.map((send) => send()));
    return { statuses, answeredBefore: answered };
  } finally {
    // Ends the transaction, too.
    holder.release(true);
    await Promise.all(requests);
  }
}
/** Every answer came before that to any of the blocked requests. */
const inTime = (statuses: number[]) => ({ statuses, answeredBefore: 0 });

describe('while every connection of one kind of work waits for a lock, the others are free:', () => {
  test('reading does not block publishing, registering and operators', async () => {
    const blocked = { pool: 'reading', lock: 'LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE', request: readDelivery };
    const others = [publish, () => publishWith('while-reading'), register, readPause, readiness];
    expect(await answersWhileBlocked(blocked, others)).toEqual(inTime([202, 202, 201, 200, 200]));
  });

  test('changes of a webhook whose row is locked block neither publishing nor reading', async () => {
    const lock = `SELECT FROM webhooks WHERE id = '${webhookId}' FOR NO KEY UPDATE`;
    const blocked = { pool: 'administration', lock, request: change };
    const others = [publish, () => publishWith('while-changing'), listWebhooks, listEvents, readDelivery, readiness];
    expect(await answersWhileBlocked(blocked, others)).toEqual(inTime([202, 202, 200, 200, 200, 200]));
  });

  test('publishing blocks neither reading nor registering', async () => {
    const request = (index: number) => publishWith(`key-${String(index)}`);
    const blocked = { pool: 'accepting', lock: 'LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE', request };
    const others = [listWebhooks, listEvents, readDelivery, register, readPause, readiness];
    expect(await answersWhileBlocked(blocked, others)).toEqual(inTime([200, 200, 200, 201, 200, 200]));
  });
});

test('changes that get neither a connection nor the lock of their webhook in time are answered with 503', async () => {
  const changes = () => Promise.all(Array.from({ length: REQUESTS }, change));
  expect(await withWebhooksLocked(api.database, changes)).toEqual(Array<number>(REQUESTS).fill(503));
});

test('the pools together have as many connections as DATABASE_POOL', async () => {
  const connections = await readConnections();
  expect([...connections.keys()]).toEqual(['accepting', 'reading', 'administration']);
  expect([...connections.values()].reduce((sum, share) => sum + share)).toBe(DATABASE_POOL);
});
