import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { absent, createWalk, type Answer, type Walk } from '../../test/call-operations.js';
import type { TestAnswer } from '../webhooks/test-webhook.js';

/**
 * Every answer that the document names is provoked, and judged by the document. What a walk over all operations does not
 * provoke is told below, route by route; what nothing provokes is listed at the end.
 */
let api: TestApi;
let document: ApiDocument;
let walk: Walk;
/** What came back: `postEvents 202`. */
const seen = new Set<string>();
let tested: TestAnswer | Error = 'gone';

beforeAll(async () => {
  api = await startApi({
    testWebhook: () => (tested instanceof Error ? Promise.reject(tested) : Promise.resolve(tested)),
    stream: { perOwner: 1 },
  });
  document = await readDocument(api);
  walk = createWalk(api);
});
afterAll(() => api.stop());

const ALL_SCOPES = 'events:publish admin';
const tokenOf = (user: string, scope = ALL_SCOPES) => api.token(user, { scope });

function judge(operation: Operation, { status, type, body }: Answer): void {
  seen.add(`${operation.operationId} ${String(status)}`);
  if (type.endsWith('json')) document.check(operation, status, body);
  else expect(Object.keys(operation.responses[status]?.content ?? {})).toEqual(type === '' ? [] : [type]);
}

const named = (operationId: string): Operation => {
  const found = document.operations.find((operation) => operation.operationId === operationId);
  if (!found) throw new Error(`There is no ${operationId}.`);
  return found;
};

test('what all routes may answer', () =>
  walk.each(document.operations, async (operation) => {
    const { operationId, parameters, example, scope } = operation;
    const user = `all-${operationId}`;
    const ids = await walk.belongingsOf(user);
    const token = tokenOf(user);
    const answers = [
      () => walk.call(operation, absent, undefined),
      () => walk.call(operation, absent, token),
      ...(scope === undefined ? [] : [() => walk.call(operation, ids, tokenOf(user, ''))]),
      ...(parameters.some(({ in: where }) => where === 'query')
        ? [() => walk.call(operation, ids, token, { query: '?no=1' })]
        : []),
      ...(example === undefined
        ? []
        : [
            () => walk.call(operation, ids, token, { body: '{"no":1}' }),
            () => walk.call(operation, ids, token, { body: `"${'x'.repeat(1024 * 1024)}"` }),
            () => walk.call(operation, ids, token, { headers: { 'content-type': 'text/plain' } }),
          ]),
      ...(operation.path.includes('{')
        ? [() => walk.call({ ...operation, path: operation.path.replace(/\{\w+\}/, '%E0%A4%A') }, ids, token)]
        : []),
      () => walk.call(operation, ids, token),
    ];
    // The usual stream goes last: it takes the user's only place for a moment.
    for (const answer of answers) judge(operation, await answer());
  }));

test('what those hear whom an operator disabled', async () => {
  await api.as('olga', 'admin').patch('/api/admin/owners/disabled').send({ disabled: true });
  await walk.each(document.operations, async (operation) => {
    if (!operation.public) judge(operation, await walk.call(operation, absent, tokenOf('disabled')));
  });
});

test('what comes of enabling a webhook that an operator disabled', async () => {
  const { webhooks = '' } = await walk.belongingsOf('stopped');
  await api.as('olga', 'admin').patch(`/api/admin/webhooks/${webhooks}`).send({ enabled: false });
  const change = named('patchWebhooksOne');
  judge(change, await walk.call(change, { webhooks }, tokenOf('stopped'), { body: '{"enabled":true}' }));
});

test('what comes of asking for a user whom no token could name', async () => {
  for (const operation of [named('getAdminUsersOne'), named('patchAdminUsersOne')])
    judge(operation, await walk.call(operation, { users: 'a%00b' }, tokenOf('olga')));
});

test('what comes of publishing again, and of another event by the same id', async () => {
  const publish = named('postEvents');
  const { type, data } = publish.example as { type: string; data: object };
  const send = (more: object) => walk.call(publish, {}, tokenOf('service'), { body: JSON.stringify({ type, ...more }) });
  for (const more of [
    { id: 'one', data },
    { id: 'one', data },
    { id: 'one', data: { ...data, entity_id: 'another' } },
  ]) {
    judge(publish, await send(more));
  }
});

test('what comes of too many webhooks, and of too many secrets', async () => {
  const register = named('postWebhooks');
  const { webhooks = '' } = await walk.belongingsOf('many');
  for (let count = 1; count <= 5; count += 1) judge(register, await walk.call(register, {}, tokenOf('many')));
  const rotate = named('postWebhooksOneRotateSecret');
  for (let count = 1; count <= 4; count += 1) judge(rotate, await walk.call(rotate, { webhooks }, tokenOf('many')));
});

test('what comes of asking for a delivery again', async () => {
  const ids = await walk.belongingsOf('again');
  const replay = named('postWebhooksOneReplay');
  const body = JSON.stringify({ since: '2020-01-01T00:00:00Z', status: ['cancelled'] });
  const path = `/api/webhooks/${String(ids['webhooks'])}`;
  await api.as('again').patch(path).send({ enabled: false });
  for (const operation of [replay, named('postDeliveriesOneRetry')])
    judge(operation, await walk.call(operation, ids, tokenOf('again')));
  await api.as('again').patch(path).send({ enabled: true });
  judge(replay, await walk.call(replay, ids, tokenOf('again'), { body }));
});

test('what comes of a test', async () => {
  const ids = await walk.belongingsOf('tester');
  const operation = named('postWebhooksOneTest');
  const answered = {
    eventId: 'evt_1',
    durationMs: 1,
    statusCode: null,
    errorClass: 'dns' as const,
    error: 'No.',
    responseBody: null,
  };
  for (const answer of [answered, 'failed', 'withdrawn', 'unheard', 'gone', new Error('Redis is away.')] as const) {
    tested = answer;
    judge(operation, await walk.call(operation, ids, tokenOf('tester')));
  }
});

test('what comes of a stream that may not be', async () => {
  const operation = named('getEventsStream');
  const call = (more: object, scope = '') => walk.call(operation, {}, tokenOf('follower', scope), more);
  judge(operation, await call({ query: '?audience=all' }));
  judge(operation, await call({ headers: { accept: 'text/html' } }));
});

test('what those hear who send too much', async () => {
  const limited = await startApi({ limits: { perOwner: 1, publish: 1 } });
  try {
    const there = createWalk(limited);
    await there.each(document.operations, async (operation) => {
      if (operation.public) return;
      const token = limited.token(`eager-${operation.operationId}`, { scope: ALL_SCOPES });
      await there.call(operation, absent, token);
      judge(operation, await there.call(operation, absent, token));
    });
  } finally {
    await limited.stop();
  }
});

test.each([
  ['is away', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 503],
  ['does what nobody thought of', new Error('Something new.'), 500],
])('what those hear whose database %s', async (_what, error, status) => {
  const broken = await startApi();
  const { pool } = broken.database;
  const [query, connect] = [pool.query.bind(pool), pool.connect.bind(pool)];
  const ids = await createWalk(broken).belongingsOf('alice');
  Object.assign(pool, { query: () => Promise.reject(error), connect: () => Promise.reject(error) });
  try {
    await walk.each(document.operations, async (operation) => {
      const answer = await createWalk(broken).call(operation, ids, broken.token('alice', { scope: ALL_SCOPES }));
      if (answer.status >= 500) judge(operation, answer);
    });
  } finally {
    Object.assign(pool, { query, connect });
    await broken.stop();
  }
  expect([...seen].filter((answer) => answer.endsWith(String(status))).length).toBeGreaterThan(10);
});

test('and nothing else is in the document', () => {
  const documented = document.operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status) => `${operationId} ${status}`),
  );
  const unseen = documented.filter((answer) => !seen.has(answer));
  // Those that ask nobody have no fault that could be made from outside; a ticket and a visit need Redis, the types nothing.
  const untouched = [
    'getHealthz',
    'getReadyz',
    'getAsyncapiJson',
    'getDocs',
    'getOpenapiJson',
    'getEventTypes',
    'postEventsStreamTicket',
    'postAdminQueuesVisit',
  ];
  expect(unseen.sort()).toEqual(
    [
      ...untouched.map((name) => `${name} 500`),
      'getEventTypes 503',
      'postEventsStreamTicket 503',
      'postAdminQueuesVisit 503',
    ].sort(),
  );
});
