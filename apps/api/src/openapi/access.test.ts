import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { QUEUE_PAGES } from '../admin/queues.js';
import { absent, createWalk, type Answer, type Belongings, type Walk } from '../../test/call-operations.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * Who may call what, walked over every operation of the OpenAPI document: a new route is in it by itself. One whose ids
 * no fixture has, or which lets in whom it should not, fails here.
 */
let api: TestApi;
let document: ApiDocument;
let belongingsOf: Walk['belongingsOf'];
let call: Walk['call'];
let eachOperation: (check: (operation: Operation) => Promise<void>) => Promise<void>;
beforeAll(async () => {
  api = await startApi();
  document = await readDocument(api);
  const walk = createWalk(api);
  ({ belongingsOf, call } = walk);
  eachOperation = (check) => walk.each(document.operations, check);
});
afterAll(() => api.stop());

/** What no document names: the same files for everybody. */
const FILES_OF_PAGES = /^get \/docs\/[\w.-]+$/;

/** Routes that show operators what is anybody's. */
const isOperators = ({ path }: Operation): boolean => path.startsWith('/api/admin/');
/** An answer without what differs by the id that was asked for. */
const anonymous = ({ status, body }: Answer) => [
  status,
  JSON.stringify({ ...(body as object), request_id: '' }).replace(/(wh|dlv)_[0-9a-f-]{36}/g, 'ID'),
];

describe('every route', () => {
  test('is in the document, and nothing else is', () => {
    interface Layer {
      route?: { path: string; methods: Record<string, boolean> };
      handle: { stack?: unknown };
    }
    const layers = (api.app.router as unknown as { stack: Layer[] }).stack;
    const served = layers.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`) : [],
    );
    const files = served.filter((route) => FILES_OF_PAGES.test(route));
    expect(files).toHaveLength(4);
    const operations = [...document.operations.map(({ method, path }) => `${method} ${path}`), ...files];
    const paths = new Set(operations.map((operation) => operation.slice(operation.indexOf(' ') + 1)));
    expect(served.sort()).toEqual([...operations, ...[...paths].map((path) => `options ${path}`)].sort());
    // A router within the app could serve what no document names. Those of the limits only count
    // requests; the last one shows the pages of the queues, which have tests of their own.
    const routers = layers.filter(({ handle }) => handle.stack !== undefined).map(({ handle }) => handle as unknown);
    expect(routers).toEqual([api.limits.refuse, api.limits.count, api.limits.refuse, api.pages[QUEUE_PAGES]]);
  });

  test('answers its owner as the document says', () =>
    eachOperation(async (operation) => {
      const user = `owner-${operation.operationId}`;
      const answer = await call(operation, await belongingsOf(user), api.token(user, { scope: operation.scope ?? '' }));
      expect(answer.status).toBeLessThan(300);
      if (answer.type === 'application/json') document.check(operation, answer.status, answer.body);
      else
        expect(Object.keys(operation.responses[answer.status]?.content ?? {})).toEqual(answer.type === '' ? [] : [answer.type]);
    }));

  test('answers without a token, with one that has ended or is signed by another, with the same 401, unless it is public', () =>
    eachOperation(async (operation) => {
      const bare = await call(operation, absent);
      if (operation.public) {
        expect(bare.status).toBe(200);
        return;
      }
      expect(bare).toMatchObject({ status: 401, type: 'application/problem+json' });
      document.check(operation, 401, bare.body);
      const token = api.token('alice', { scope: 'admin events:publish' });
      for (const bad of [api.token('alice', { expiresIn: -60 }), `${token.slice(0, -6)}AAAAAA`, 'x']) {
        expect(anonymous(await call(operation, absent, bad))).toEqual(anonymous(bare));
      }
    }));

  test('answers without the scope that it needs with a 403, before anything else', () =>
    eachOperation(async (operation) => {
      if (operation.scope === undefined) return;
      const others = ['admin', 'events:publish'].filter((scope) => scope !== operation.scope);
      const wrong = api.token('alice', { scope: [...others, `x${operation.scope}`, `${operation.scope}x`].join(' ') });
      const example = operation.example === undefined ? {} : { example: { wrong: true } };
      const answer = await call({ ...operation, ...example }, absent, wrong);
      expect(answer).toMatchObject({ status: 403, type: 'application/problem+json' });
      document.check(operation, 403, answer.body);
    }));

  test("answers somebody else's id, whatever scopes the other has, as one that does not exist (I7)", () =>
    eachOperation(async (operation) => {
      if (!operation.parameters.some((parameter) => parameter.in === 'path')) return;
      if (isOperators(operation)) return;
      const owner = `of-${operation.operationId}`;
      const ids = await belongingsOf(owner);
      const before = await belongingsShown(owner, ids);
      const other = api.token('mallory', { scope: 'admin events:publish' });
      const foreign = await call(operation, ids, other);
      expect(foreign.status).toBe(404);
      expect(anonymous(foreign)).toEqual(anonymous(await call(operation, absent, other)));
      document.check(operation, 404, foreign.body);
      expect(await belongingsShown(owner, ids)).toEqual(before);
    }));

  test('of an operator answers an id that does not exist with a 404, and does nothing to others', () =>
    eachOperation(async (operation) => {
      if (!isOperators(operation) || !/\/(webhooks|deliveries)\//.test(operation.path)) return;
      const answer = await call(operation, absent, api.token('olga', { scope: 'admin' }));
      expect(answer.status).toBe(404);
      document.check(operation, 404, answer.body);
    }));

  test('refuses to have fields set that are not the caller’s to set (mass assignment)', () =>
    eachOperation(async (operation) => {
      if (operation.example === undefined) return;
      const ids = await belongingsOf(`set-${operation.operationId}`);
      const token = api.token(`set-${operation.operationId}`, { scope: operation.scope ?? '' });
      const settable = new Set(document.settable(operation));
      for (const field of NOT_SETTABLE.filter((name) => !settable.has(name))) {
        const answer = await call({ ...operation, example: { ...(operation.example as object), [field]: 'x' } }, ids, token);
        expect([field, answer]).toMatchObject([field, { status: 400, body: { errors: [{ field }] } }]);
      }
    }));
});

/** What the rows hold, by the names of the API and of the database. */
const NOT_SETTABLE = [
  ...['id', 'owner', 'user_id', 'secret', 'sealed_secret', 'sealedSecret', 'sealedHeaders', 'header_names'],
  ...['created_at', 'updated_at', 'disabled_reason', 'disabledAt', 'failing_since', 'circuit', 'circuitOpenedAt'],
  ...['status', 'stage', 'attempt_count', 'replay', 'position', 'accepted_at', 'webhook_id', 'constructor', 'sub', 'scope'],
];

async function belongingsShown(owner: string, { webhooks, deliveries }: Belongings): Promise<unknown[]> {
  const show = async (path: string) => (await api.as(owner).get(path)).body as unknown;
  return [await show(`/api/webhooks/${String(webhooks)}`), await show(`/api/deliveries/${String(deliveries)}`)];
}
