import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createOperationClient, unknownIds, type OperationResponse, type OperationClient } from '../../test/call-operations.js';
import type { TestAnswer } from '../webhooks/test-webhook.js';

/**
 * Provokes every response that the document names, and checks it against the document. The first test provokes the
 * responses that all routes have in common, later tests those of single routes; the last test lists those that no test
 * provokes.
 */
let api: TestApi;
let document: ApiDocument;
let client: OperationClient;
/** The responses so far, such as `publishEvents 202`. */
const received = new Set<string>();
let testAnswer: TestAnswer | Error = 'gone';

beforeAll(async () => {
  api = await startApi({
    testWebhook: () => (testAnswer instanceof Error ? Promise.reject(testAnswer) : Promise.resolve(testAnswer)),
    stream: { perOwner: 1 },
  });
  document = await readDocument(api);
  client = createOperationClient(api);
});
afterAll(() => api.stop());

const ALL_SCOPES = 'events:publish admin';
const tokenOf = (owner: string, scope = ALL_SCOPES) => api.token(owner, { scope });

function checkResponse(operation: Operation, { status, type, body }: OperationResponse): void {
  received.add(`${operation.operationId} ${String(status)}`);
  if (type.endsWith('json')) document.check(operation, status, body);
  else expect(Object.keys(operation.responses[status]?.content ?? {})).toEqual(type === '' ? [] : [type]);
}

const operationNamed = (operationId: string): Operation => {
  const found = document.operations.find((operation) => operation.operationId === operationId);
  if (!found) throw new Error(`The document has no operation "${operationId}".`);
  return found;
};

test('the responses that all routes have in common', () =>
  client.forEach(document.operations, async (operation) => {
    const { operationId, parameters, example, scope } = operation;
    const owner = `all-${operationId}`;
    const ids = await client.createResources(owner);
    const token = tokenOf(owner);
    const requests = [
      () => client.call(operation, unknownIds, undefined),
      () => client.call(operation, unknownIds, token),
      ...(scope === undefined ? [] : [() => client.call(operation, ids, tokenOf(owner, ''))]),
      ...(parameters.some(({ in: where }) => where === 'query')
        ? [() => client.call(operation, ids, token, { query: '?no=1' })]
        : []),
      ...(example === undefined
        ? []
        : [
            () => client.call(operation, ids, token, { body: '{"no":1}' }),
            () => client.call(operation, ids, token, { body: `"${'x'.repeat(1024 * 1024)}"` }),
            () => client.call(operation, ids, token, { headers: { 'content-type': 'text/plain' } }),
          ]),
      ...(operation.path.includes('{')
        ? [() => client.call({ ...operation, path: operation.path.replace(/\{\w+\}/, '%E0%A4%A') }, ids, token)]
        : []),
      () => client.call(operation, ids, token),
    ];
    // The valid request goes last: if it opens a stream, it uses the owner's only stream for a moment.
    for (const request of requests) checkResponse(operation, await request());
  }));

test('the response with the contact for reports of vulnerabilities', async () => {
  const published = await startApi({ env: { SECURITY_CONTACT: 'mailto:security@example.com' } });
  const operation = operationNamed('getSecurityTxt');
  checkResponse(operation, await createOperationClient(published).call(operation, {}, undefined));
  await published.stop();
});

test('the responses to a disabled owner', async () => {
  await api.as('olga', 'admin').patch('/api/admin/owners/disabled').send({ disabled: true });
  await client.forEach(document.operations, async (operation) => {
    if (!operation.public) checkResponse(operation, await client.call(operation, unknownIds, tokenOf('disabled')));
  });
});

test('the responses when an owner enables a webhook that an operator disabled', async () => {
  const { webhooks = '' } = await client.createResources('stopped');
  await api.as('olga', 'admin').patch(`/api/admin/webhooks/${webhooks}`).send({ enabled: false });
  const change = operationNamed('changeWebhook');
  checkResponse(change, await client.call(change, { webhooks }, tokenOf('stopped'), { body: '{"enabled":true}' }));
});

test('the responses to an owner id that no token can have', async () => {
  for (const operation of [operationNamed('getOwner'), operationNamed('changeOwner')])
    checkResponse(operation, await client.call(operation, { owners: 'a%00b' }, tokenOf('olga')));
});

test('the response to the name of a type that has control characters', async () => {
  const write = operationNamed('writeEventType');
  checkResponse(write, await client.call(write, { 'event-types': 'a%00b' }, tokenOf('olga')));
});

test('the responses to a type that was not changed since the ETag, and to a change that breaks a contract', async () => {
  const ids = await client.createResources('types');
  for (const read of [operationNamed('listEventTypes'), operationNamed('getEventType')])
    checkResponse(read, await client.call(read, ids, tokenOf('types'), { headers: { 'if-none-match': '*' } }));
  const write = operationNamed('writeEventType');
  const { examples: _, ...example } = write.example as { examples: unknown; schema: object };
  const body = JSON.stringify({ ...example, schema: { ...example.schema, required: ['org_id'] } });
  const answer = await client.call(write, ids, tokenOf('olga'), { body });
  expect(answer.status).toBe(409);
  checkResponse(write, answer);
  checkResponse(write, await client.call(write, { 'event-types': 'made.anew' }, tokenOf('olga')));
  const dryRun = await client.call(write, ids, tokenOf('olga'), { query: '?dry_run=true' });
  expect(dryRun.status).toBe(200);
  checkResponse(write, dryRun);
});

test('the responses when an event is published again, and when another event has its id', async () => {
  const publish = operationNamed('publishEvents');
  const type = 'gaps.updated';
  const data = { user_id: 'alice', entity_type: 'label', entity_id: '1' };
  const send = (more: object) => client.call(publish, {}, tokenOf('service'), { body: JSON.stringify({ type, ...more }) });
  for (const more of [
    { id: 'one', data },
    { id: 'one', data },
    { id: 'one', data: { ...data, entity_id: 'another' } },
  ]) {
    checkResponse(publish, await send(more));
  }
});

test('the response to a delivery that is published', async () => {
  const publish = operationNamed('publishEvents');
  const type = 'gaps.updated';
  const data = { user_id: 'alice', entity_type: 'label', entity_id: '1' };
  const body = JSON.stringify({ type, data, timestamp: '2026-11-24T10:00:00.000Z' });
  await client.call(publish, {}, tokenOf('service'), { body: JSON.stringify({ ...JSON.parse(body), id: 'delivered' }) });
  const headers = { 'webhook-id': 'delivered', 'webhook-timestamp': '1', 'webhook-signature': 'v1,signature' };
  checkResponse(publish, await client.call(publish, {}, tokenOf('service'), { body, headers }));
});

test('the responses to too many webhooks, and to too many secrets', async () => {
  const register = operationNamed('registerWebhook');
  const { webhooks = '' } = await client.createResources('many');
  for (let count = 1; count <= 5; count += 1) checkResponse(register, await client.call(register, {}, tokenOf('many')));
  const rotate = operationNamed('rotateWebhookSecret');
  for (let count = 1; count <= 4; count += 1) checkResponse(rotate, await client.call(rotate, { webhooks }, tokenOf('many')));
});

test('the responses when deliveries are retried, replayed and cancelled', async () => {
  const ids = await client.createResources('again');
  const replay = operationNamed('replayDeliveries');
  const body = JSON.stringify({ since: '2020-01-01T00:00:00Z', status: ['cancelled'] });
  const path = `/api/webhooks/${String(ids['webhooks'])}`;
  await api.as('again').patch(path).send({ enabled: false });
  for (const operation of [replay, operationNamed('retryDelivery')])
    checkResponse(operation, await client.call(operation, ids, tokenOf('again')));
  await api.as('again').patch(path).send({ enabled: true });
  checkResponse(replay, await client.call(replay, ids, tokenOf('again'), { body }));
  const cancel = operationNamed('cancelDelivery');
  checkResponse(cancel, await client.call(cancel, ids, tokenOf('again')));
  await api.database.pool.query("UPDATE deliveries SET status = 'failed', finished_at = now() WHERE owner = 'again'");
  await api.database.pool.query('DELETE FROM pending_deliveries');
  checkResponse(cancel, await client.call(cancel, ids, tokenOf('again')));
});

test('the responses to a test of a webhook', async () => {
  const ids = await client.createResources('tester');
  const operation = operationNamed('testWebhook');
  const result = {
    eventId: 'evt_1',
    durationMs: 1,
    statusCode: null,
    errorClass: 'dns' as const,
    error: 'No.',
    responseBody: null,
  };
  for (const answer of [result, 'failed', 'withdrawn', 'no_result', 'gone', new Error('Redis is not available.')] as const) {
    testAnswer = answer;
    checkResponse(operation, await client.call(operation, ids, tokenOf('tester')));
  }
});

test('the responses when a webhook is verified', async () => {
  const ids = await client.createResources('unverified');
  const operation = operationNamed('verifyWebhook');
  const call = async () => {
    checkResponse(operation, await client.call(operation, ids, tokenOf('unverified')));
  };
  await call();
  await api.database.pool.query("UPDATE webhooks SET unverified_since = now() WHERE owner = 'unverified'");
  await call();
  const test = operationNamed('testWebhook');
  checkResponse(test, await client.call(test, ids, tokenOf('unverified')));
  await api.database.pool.query("UPDATE webhooks SET enabled = false WHERE owner = 'unverified'");
  await call();
});

test('the responses when a stream is refused', async () => {
  const operation = operationNamed('followEvents');
  const call = (more: object, scope = '') => client.call(operation, {}, tokenOf('follower', scope), more);
  checkResponse(operation, await call({ query: '?audience=all' }));
  checkResponse(operation, await call({ headers: { accept: 'text/html' } }));
});

test('the responses to too many requests', async () => {
  const limited = await startApi({ limits: { perOwner: 1, publish: 1 } });
  try {
    const limitedClient = createOperationClient(limited);
    await limitedClient.forEach(document.operations, async (operation) => {
      if (operation.public) return;
      const token = limited.token(`eager-${operation.operationId}`, { scope: ALL_SCOPES });
      await limitedClient.call(operation, unknownIds, token);
      checkResponse(operation, await limitedClient.call(operation, unknownIds, token));
    });
  } finally {
    await limited.stop();
  }
});

test('the response to a revocation too many', async () => {
  const full = await startApi({ maxRevocations: 0 });
  try {
    const revoke = operationNamed('revokeTokens');
    const answer = await createOperationClient(full).call(revoke, unknownIds, full.token('olga', { scope: ALL_SCOPES }));
    expect(answer.status).toBe(409);
    checkResponse(revoke, answer);
  } finally {
    await full.stop();
  }
});

test.each([
  ['is not available', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 503],
  ['fails with an unknown error', new Error('An unknown error.'), 500],
])('the responses when the database %s', async (_what, error, status) => {
  const broken = await startApi();
  const pools = Object.values(broken.databases).map(({ pool }) => pool);
  const ids = await createOperationClient(broken).createResources('alice');
  const originals = pools.map((pool) => ({ query: pool.query.bind(pool), connect: pool.connect.bind(pool) }));
  for (const pool of pools) Object.assign(pool, { query: () => Promise.reject(error), connect: () => Promise.reject(error) });
  try {
    await client.forEach(document.operations, async (operation) => {
      const answer = await createOperationClient(broken).call(operation, ids, broken.token('alice', { scope: ALL_SCOPES }));
      if (answer.status >= 500) checkResponse(operation, answer);
    });
  } finally {
    pools.forEach((pool, index) => Object.assign(pool, originals[index]));
    await broken.stop();
  }
  expect([...received].filter((answer) => answer.endsWith(String(status))).length).toBeGreaterThan(10);
});

test('the document has no other responses', () => {
  const documented = document.operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status) => `${operationId} ${status}`),
  );
  const missing = documented.filter((response) => !received.has(response));
  // These use no database, so this test cannot make them fail; tickets and queue sessions use only Redis.
  const withoutDatabase = [
    'getHealth',
    'getReadiness',
    'getAsyncApi',
    'getReference',
    'getOpenApi',
    'getSecurityTxt',
    'issueStreamTicket',
    'startQueuesSession',
    'getEgressRules',
  ];
  expect(missing.sort()).toEqual(
    [
      ...withoutDatabase.map((name) => `${name} 500`),
      'getEgressRules 503',
      'issueStreamTicket 503',
      'startQueuesSession 503',
    ].sort(),
  );
});
