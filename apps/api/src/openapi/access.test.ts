import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { QUEUE_PAGES } from '../admin/queues.js';
import {
  createOperationClient,
  unknownIds,
  type OperationResponse,
  type OperationClient,
  type ResourceIds,
} from '../../test/call-operations.js';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * Checks access for every operation of the OpenAPI document, so that new routes are checked without further work. A route
 * fails here when `createResources` makes no id for it, or when it admits a caller that it should refuse.
 */
let api: TestApi;
let document: ApiDocument;
let createResources: OperationClient['createResources'];
let call: OperationClient['call'];
let forEachOperation: (check: (operation: Operation) => Promise<void>) => Promise<void>;
beforeAll(async () => {
  api = await startApi({ env: { SECURITY_CONTACT: 'mailto:security@example.com' } });
  document = await readDocument(api);
  const client = createOperationClient(api);
  ({ createResources, call } = client);
  forEachOperation = (check) => client.forEach(document.operations, check);
});
afterAll(() => api.stop());

/** Files of the reference page, which the document leaves out: they are the same for everybody. */
const FILES_OF_PAGES = /^get \/docs\/[\w.-]+$/;

/** Routes on which operators see the resources of every owner. */
const isAdminOperation = ({ path }: Operation): boolean => path.startsWith('/api/admin/');
/** Event types have no owner: whoever may read or write one may read or write all. */
const isOfEventTypes = ({ path }: Operation): boolean => path.startsWith('/api/event-types/');
/** A response without the parts that depend on the requested id. */
const withoutIds = ({ status, body }: OperationResponse) => [
  status,
  JSON.stringify({ ...(body as object), request_id: '' }).replace(/(wh|dlv|evt)_[0-9a-f-]{36}/g, 'ID'),
];

describe('every route', () => {
  test('is in the document, and the document has no other', () => {
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
    // Besides, each path answers OPTIONS, and every method that it does not have.
    const others = [...paths].flatMap((path) => [`options ${path}`, `_all ${path}`]);
    expect(served.sort()).toEqual([...operations, ...others].sort());
    // A nested router could serve routes that are not in the document. The routers of the limits only count requests;
    // the last one serves the pages of the queues, which have their own tests.
    const routers = layers.filter(({ handle }) => handle.stack !== undefined).map(({ handle }) => handle as unknown);
    expect(routers).toEqual([api.limits.refuse, api.limits.consume, api.limits.refuse, api.pages[QUEUE_PAGES]]);
  });

  test('answers the owner of its resources as the document says', () =>
    forEachOperation(async (operation) => {
      const owner = `owner-${operation.operationId}`;
      const answer = await call(operation, await createResources(owner), api.token(owner, { scope: operation.scope ?? '' }));
      expect(answer.status).toBeLessThan(300);
      if (answer.type === 'application/json') document.check(operation, answer.status, answer.body);
      else
        expect(Object.keys(operation.responses[answer.status]?.content ?? {})).toEqual(answer.type === '' ? [] : [answer.type]);
    }));

  test('answers a missing, expired or forged token with the same 401, unless it is public', () =>
    forEachOperation(async (operation) => {
      const withoutToken = await call(operation, unknownIds);
      if (operation.public) {
        expect(withoutToken.status).toBe(200);
        return;
      }
      expect(withoutToken).toMatchObject({ status: 401, type: 'application/problem+json' });
      document.check(operation, 401, withoutToken.body);
      const token = api.token('alice', { scope: 'admin events:publish' });
      for (const bad of [api.token('alice', { expiresIn: -60 }), `${token.slice(0, -6)}AAAAAA`, 'x']) {
        expect(withoutIds(await call(operation, unknownIds, bad))).toEqual(withoutIds(withoutToken));
      }
    }));

  test('answers a token without the needed scope with a 403, before it checks anything else', () =>
    forEachOperation(async (operation) => {
      if (operation.scope === undefined) return;
      // `admin` allows to write event types, too.
      const others = ['admin', 'events:publish'].filter(
        (scope) => scope !== operation.scope && !(scope === 'admin' && operation.scope === 'event-types:write'),
      );
      const wrong = api.token('alice', { scope: [...others, `x${operation.scope}`, `${operation.scope}x`].join(' ') });
      const example = operation.example === undefined ? {} : { example: { wrong: true } };
      const answer = await call({ ...operation, ...example }, unknownIds, wrong);
      expect(answer).toMatchObject({ status: 403, type: 'application/problem+json' });
      document.check(operation, 403, answer.body);
    }));

  test("answers another owner's id like an id that does not exist, whatever scopes the caller has (I7)", () =>
    forEachOperation(async (operation) => {
      if (!operation.parameters.some((parameter) => parameter.in === 'path')) return;
      if (isAdminOperation(operation) || isOfEventTypes(operation)) return;
      const owner = `of-${operation.operationId}`;
      const ids = await createResources(owner);
      const before = await readResources(owner, ids);
      const other = api.token('mallory', { scope: 'admin events:publish' });
      const foreign = await call(operation, ids, other);
      expect(foreign.status).toBe(404);
      expect(withoutIds(foreign)).toEqual(withoutIds(await call(operation, unknownIds, other)));
      document.check(operation, 404, foreign.body);
      expect(await readResources(owner, ids)).toEqual(before);
    }));

  test('for operators answers an id that does not exist with a 404', () =>
    forEachOperation(async (operation) => {
      if (!isAdminOperation(operation) || !/\/(webhooks|deliveries|events)\//.test(operation.path)) return;
      const answer = await call(operation, unknownIds, api.token('olga', { scope: 'admin' }));
      expect(answer.status).toBe(404);
      document.check(operation, 404, answer.body);
    }));

  test('refuses fields that its body does not have, such as columns of the row (mass assignment)', () =>
    forEachOperation(async (operation) => {
      if (operation.example === undefined) return;
      const ids = await createResources(`set-${operation.operationId}`);
      const token = api.token(`set-${operation.operationId}`, { scope: operation.scope ?? '' });
      const settable = new Set(document.settable(operation));
      for (const field of ROW_FIELDS.filter((name) => !settable.has(name))) {
        const answer = await call({ ...operation, example: { ...(operation.example as object), [field]: 'x' } }, ids, token);
        expect([field, answer]).toMatchObject([field, { status: 400, body: { errors: [{ field }] } }]);
      }
    }));
});

/** Fields of the stored rows, by their names in the API and in the database. */
const ROW_FIELDS = [
  ...['id', 'owner', 'user_id', 'secret', 'sealed_secret', 'sealedSecret', 'sealedHeaders', 'header_names'],
  ...['created_at', 'updated_at', 'disabled_reason', 'disabledAt', 'failing_since', 'circuit', 'circuitOpenedAt'],
  ...['status', 'stage', 'attempt_count', 'replay', 'position', 'accepted_at', 'webhook_id', 'constructor', 'sub', 'scope'],
];

async function readResources(owner: string, { webhooks, deliveries }: ResourceIds): Promise<unknown[]> {
  const read = async (path: string) => (await api.as(owner).get(path)).body as unknown;
  return [await read(`/api/webhooks/${String(webhooks)}`), await read(`/api/deliveries/${String(deliveries)}`)];
}
