import type { Operation } from './api-document.js';
import type { TestApi } from './start-api.js';

export interface OperationResponse {
  status: number;
  type: string;
  body: unknown;
  /** The header `Retry-After`; null: there is none. */
  retryAfter: string | null;
}

/** The ids of one owner's resources, by the path segment before the id. */
export type ResourceIds = Record<string, string>;

/** Ids of resources that do not exist. */
export const unknownIds: ResourceIds = {
  owners: 'nobody',
  webhooks: 'wh_01a20f72-bf62-73aa-bf71-cc66b4490a07',
  deliveries: 'dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07',
  events: 'evt_01a20f72-bf62-73aa-bf71-cc66b4490a07',
  // No type can have this name.
  'event-types': 'Nothing',
};

/** The contract of the documented example, so that writing the example breaks nobody. */
const EVENT_TYPE = {
  description: 'It was made.',
  audience: 'owner',
  owner_field: 'org_id',
  schema: {
    type: 'object',
    properties: { org_id: { type: 'string' }, amount: { type: 'number' } },
    required: ['org_id', 'amount'],
  },
};

/** Differences from the operation's example request. */
interface RequestOverrides {
  query?: string;
  headers?: Record<string, string>;
  /** Sent instead of the example. */
  body?: string;
}

/** A client that calls operations of the OpenAPI document. */
export interface OperationClient {
  /** Creates one webhook, one event, one delivery and one event type for the owner, and returns their ids. */
  createResources: (owner: string) => Promise<ResourceIds>;
  /** Calls an operation with its example body. */
  call: (operation: Operation, ids: ResourceIds, token?: string, overrides?: RequestOverrides) => Promise<OperationResponse>;
  /** Runs the check for each operation, one after the other. An error of the check names the operation. */
  forEach: (operations: readonly Operation[], check: (operation: Operation) => Promise<void>) => Promise<void>;
}

/** Creates a client for the operations of this API. */
export function createOperationClient(api: TestApi): OperationClient {
  return {
    async createResources(owner) {
      const registered = await api.as(owner).post('/api/webhooks').send({ url: 'https://example.com/hook' });
      const published = await api
        .as('service', 'events:publish')
        .post('/api/events')
        .send({ type: 'sync.failed', data: { user_id: owner, error_message: 'none' } });
      const type = `made.${owner.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`;
      await api.as('service', 'event-types:write').put(`/api/event-types/${type}`).send(EVENT_TYPE);
      const { id } = registered.body as { id: string };
      const log = await api.as(owner).get(`/api/webhooks/${id}/deliveries`);
      const [delivery] = (log.body as { data: { id: string }[] }).data;
      return {
        owners: owner,
        webhooks: id,
        deliveries: String(delivery?.id),
        events: (published.body as { id: string }).id,
        'event-types': type,
      };
    },

    async call(
      operation,
      ids,
      token,
      { query = requiredQuery(operation, ids), headers = {}, body = JSON.stringify(operation.example) } = {},
    ) {
      const { method, path, example } = operation;
      const filled = path.replace(/([^/]+)\/\{\w+\}/g, (_match, segment: string) => {
        const id = ids[segment];
        if (id === undefined) throw new Error(`createResources() makes no id for /${segment}/{id}: add one.`);
        return `${segment}/${id}`;
      });
      const abort = new AbortController();
      const response = await fetch(`${api.url}${filled}${query}`, {
        method: method.toUpperCase(),
        signal: abort.signal,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(example === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(example === undefined ? {} : { body }),
      });
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      // A stream does not end by itself, so its body is not read.
      const json: unknown = type.endsWith('json') ? await response.json() : undefined;
      abort.abort();
      return { status: response.status, type, body: json, retryAfter: response.headers.get('retry-after') };
    },

    async forEach(operations, check) {
      for (const operation of operations) {
        try {
          await check(operation);
        } catch (error) {
          throw new Error(`${operation.method.toUpperCase()} ${operation.path}`, { cause: error });
        }
      }
    },
  };
}

/** Returns the query of an operation that requires one: with the id of an event. */
function requiredQuery({ parameters }: Operation, ids: ResourceIds): string {
  const isRequired = parameters.some(({ name, in: where }) => where === 'query' && name === 'event_id');
  return isRequired ? `?event_id=${String(ids['events'])}` : '';
}
