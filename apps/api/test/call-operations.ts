import type { Operation } from './api-document.js';
import type { TestApi } from './start-api.js';

export interface Answer {
  status: number;
  type: string;
  body: unknown;
}

/** What belongs to one user: the ids that can stand in a path, by the segment before them. */
export type Belongings = Record<string, string>;

/** Ids that nobody has. */
export const absent: Belongings = {
  users: 'nobody',
  webhooks: 'wh_01a20f72-bf62-73aa-bf71-cc66b4490a07',
  deliveries: 'dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07',
};

/** What differs from a usual request. */
interface Different {
  query?: string;
  headers?: Record<string, string>;
  /** Instead of the example. */
  body?: string;
}

/** A walk over operations of the OpenAPI document. */
export interface Walk {
  /** Gives a user one webhook and one delivery. */
  belongingsOf: (user: string) => Promise<Belongings>;
  /** Calls an operation with its example. */
  call: (operation: Operation, ids: Belongings, token?: string, different?: Different) => Promise<Answer>;
  /** Names the operation of which a check throws. */
  each: (operations: readonly Operation[], check: (operation: Operation) => Promise<void>) => Promise<void>;
}

export function createWalk(api: TestApi): Walk {
  return {
    async belongingsOf(user) {
      const registered = await api.as(user).post('/api/webhooks').send({ url: 'https://example.com/hook' });
      await api
        .as('service', 'events:publish')
        .post('/api/events')
        .send({ type: 'sync.failed', data: { user_id: user, error_message: 'none' } });
      const { id } = registered.body as { id: string };
      const log = await api.as(user).get(`/api/webhooks/${id}/deliveries`);
      return { users: user, webhooks: id, deliveries: String((log.body as { data: { id: string }[] }).data[0]?.id) };
    },

    async call({ method, path, example }, ids, token, { query = '', headers = {}, body = JSON.stringify(example) } = {}) {
      const filled = path.replace(/([^/]+)\/\{\w+\}/g, (_match, what: string) => {
        const id = ids[what];
        if (id === undefined) throw new Error(`Teach this test to make an id for /${what}/{id}.`);
        return `${what}/${id}`;
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
      // A stream does not end by itself.
      const answered: unknown = type.endsWith('json') ? await response.json() : undefined;
      abort.abort();
      return { status: response.status, type, body: answered };
    },

    async each(operations, check) {
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
