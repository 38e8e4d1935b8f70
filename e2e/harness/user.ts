import type { EventDraft } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { rememberSecret, rememberSecretsIn } from './known-secrets.js';
import { follow, type Follower, type StreamOptions } from './stream.js';

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface Webhook {
  id: string;
  secret: string;
}

/** The settings of a webhook. */
export interface WebhookSettings {
  event_types?: string[];
  headers?: Record<string, string>;
  max_in_flight?: number;
  rate_limit?: number;
  ordering?: 'unordered' | 'fifo';
  retry?: { max_attempts?: number; initial_delay_ms?: number; max_delay_ms?: number };
}

export interface Attempt {
  number: number;
  replay: boolean;
  started_at: string;
  duration_ms: number;
  status_code: number | null;
  error_class: string | null;
  error: string | null;
  response_body: string | null;
}

export interface Delivery {
  id: string;
  webhook_id: string;
  event_id: string;
  event_type: string;
  status: 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  attempt_count: number;
  attempts: Attempt[];
}

/** A client of the API with one token. */
export interface User {
  token: string;
  /** Sends one request to the API, and resolves with the response, whatever its status. */
  call: (method: string, path: string, body?: unknown) => Promise<Reply>;
  /** Registers a webhook. */
  register: (receiver: { url: string }, settings?: WebhookSettings) => Promise<Webhook>;
  /** Publishes one event or several, and resolves with their ids. Needs the scope `events:publish`. */
  publish: {
    (event: EventDraft): Promise<string>;
    (events: readonly EventDraft[]): Promise<string[]>;
  };
  /** The ids of the events that this user may see, in the order of the event log. */
  eventLog: () => Promise<string[]>;
  /** The deliveries of a webhook with their attempts, oldest first. */
  deliveryLog: (webhook: { id: string }) => Promise<Delivery[]>;
  /** Resolves with the delivery log, once it has at least `count` deliveries and none is pending. */
  waitForDeliveries: (webhook: { id: string }, count: number, deadlineMs?: number) => Promise<Delivery[]>;
  follow: (options?: StreamOptions) => Promise<Follower>;
}

/** Creates a client of the API at this URL. It remembers the secrets of all requests and answers, for `expectNoLeaks`. */
export function createUser(url: string, token: string): User {
  rememberSecret(token);
  const call: User['call'] = async (method, path, body) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    for (const json of [body, answer]) rememberSecretsIn(json);
    return { status: response.status, headers: response.headers, body: answer };
  };

  /** Sends a request and returns the body of the response. Throws unless it is a success. */
  const request = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const reply = await call(method, path, body);
    if (reply.status > 299) {
      throw new Error(`${method} ${path} answered ${String(reply.status)}: ${JSON.stringify(reply.body)}`);
    }
    return reply.body as Body;
  };

  async function publish(event: EventDraft): Promise<string>;
  async function publish(events: readonly EventDraft[]): Promise<string[]>;
  async function publish(input: EventDraft | readonly EventDraft[]): Promise<string | string[]> {
    if (!Array.isArray(input)) return (await request<{ id: string }>('POST', '/api/events', input)).id;
    const { data } = await request<{ data: { id: string }[] }>('POST', '/api/events', { events: input });
    return data.map(({ id }) => id);
  }

  const list = async (webhookId: string): Promise<Omit<Delivery, 'attempts'>[]> =>
    (await request<{ data: Delivery[] }>('GET', `/api/webhooks/${webhookId}/deliveries?limit=200`)).data;
  const deliveryLog: User['deliveryLog'] = async ({ id: webhookId }) => {
    const deliveries: Delivery[] = [];
    // One after the other: a request that waits too long for a connection to the database is answered with a 503.
    for (const { id } of (await list(webhookId)).reverse()) {
      deliveries.push(await request<Delivery>('GET', `/api/deliveries/${id}`));
    }
    return deliveries;
  };

  return {
    token,
    call,
    register: ({ url: target }, settings = {}) => request<Webhook>('POST', '/api/webhooks', { url: target, ...settings }),
    publish,
    async eventLog() {
      const ids: string[] = [];
      for (;;) {
        const cursor = ids.at(-1);
        const page = await request<{ data: { id: string }[] }>(
          'GET',
          `/api/events?limit=200${cursor === undefined ? '' : `&cursor=${cursor}`}`,
        );
        if (page.data.length === 0) return ids;
        ids.push(...page.data.map(({ id }) => id));
      }
    },
    deliveryLog,
    async waitForDeliveries(webhook, count, deadlineMs) {
      await eventually(async () => {
        const deliveries = await list(webhook.id);
        if (deliveries.length < count || deliveries.some(({ status }) => status === 'pending')) {
          throw new Error(`${String(count)} finished deliveries were expected; the log is: ${JSON.stringify(deliveries)}`);
        }
      }, deadlineMs);
      return deliveryLog(webhook);
    },
    follow: (options) => follow(url, token, options),
  };
}
