import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { createCatalog } from './catalog.js';
import { defineEvent } from './define-event.js';
import { createHttpPublisher } from './http-publisher.js';
import { InvalidEventError } from './invalid-event-error.js';
import { RejectedEventError } from './rejected-event-error.js';
import { orderPlaced2, versionedCatalog } from '../test/versioned-catalog.js';

const orderPlaced = defineEvent({
  type: 'order.placed',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'A customer placed an order.',
  schema: z.strictObject({ org_id: z.string(), total: z.number(), currency: z.string().default('EUR') }),
  example: { org_id: 'acme', total: 12, currency: 'EUR' },
});
const catalog = createCatalog([orderPlaced]);

interface Answer {
  status: number;
  body?: object;
  headers?: Record<string, string>;
}
/** What the API answers, one after another; the last one again and again. `none`: the connection ends without an answer. */
let answers: (Answer | 'none')[];
let bodies: { id?: string; data?: unknown; events?: { id: string }[] }[];
let api: Server;
let url: string;
beforeEach(async () => {
  bodies = [];
  api = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(JSON.parse(body) as (typeof bodies)[number]);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined || answer === 'none') return void request.socket.destroy();
      const problem = answer.status >= 400 ? { 'content-type': 'application/problem+json' } : {};
      response.writeHead(answer.status, { ...problem, ...answer.headers });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  url = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}/tidings/`;
});
afterEach(() => {
  api.close();
  api.closeAllConnections();
});

const publisher = () => createHttpPublisher({ url, token: 'token', catalog });
const order = (total = 12) => orderPlaced({ org_id: 'acme', total }, { id: 'order-1' });

describe('a publisher over HTTP', () => {
  test('resolves to what the API has committed, one event or a list', async () => {
    answers = [{ status: 202, body: { id: 'order-1', status: 'accepted' } }];
    expect(await publisher().publish(order())).toEqual({ id: 'order-1', status: 'accepted' });
    answers = [{ status: 200, body: { data: [{ id: 'order-1', status: 'repeated' }] } }];
    expect(await publisher().publish([order()])).toEqual([{ id: 'order-1', status: 'repeated' }]);
    expect(await publisher().publish([])).toEqual([]);
    expect(bodies).toHaveLength(2);
    expect(bodies[1]?.events).toHaveLength(1);
  });

  test('sends what the catalog made of the data', async () => {
    answers = [{ status: 202, body: { id: 'order-1', status: 'accepted' } }];
    await publisher().publish(order());
    expect(bodies[0]).toMatchObject({
      id: 'order-1',
      type: 'order.placed',
      data: { org_id: 'acme', total: 12, currency: 'EUR' },
    });
  });

  test('sends the version of an event, also of one that names none when its definition has one', async () => {
    answers = [{ status: 200, body: { data: [] } }];
    await createHttpPublisher({ url, token: 'token', catalog: versionedCatalog }).publish([
      orderPlaced2({ org_id: 'acme', total: '12.00' }),
      { type: 'order.placed', data: { org_id: 'acme', total: 12 } },
    ]);
    expect(bodies[0]?.events).toMatchObject([{ version: 2 }, { version: 1 }]);
    answers = [{ status: 202, body: { id: 'order-1', status: 'accepted' } }];
    await publisher().publish(order());
    expect(bodies[1]).not.toHaveProperty('version');
  });

  test('knows the events of its catalog at compile time', async () => {
    // @ts-expect-error The catalog has no such type.
    await expect(publisher().publish({ type: 'order.lost', data: { org_id: 'acme', total: 1 } })).rejects.toThrow();
    // @ts-expect-error A total is a number.
    await expect(publisher().publish({ type: 'order.placed', data: { org_id: 'acme', total: '1' } })).rejects.toThrow();
  });

  test.each<[string, Answer | 'none']>([
    ['there is no answer', 'none'],
    ['the API is busy', { status: 429, headers: { 'retry-after': '0' } }],
    ['the database is away', { status: 503 }],
    ['a proxy finds no API', { status: 502 }],
  ])('sends the same ids again while %s', async (_case, answer) => {
    answers = [answer, answer, { status: 202, body: { id: 'x', status: 'accepted' } }];
    await publisher().publish(orderPlaced({ org_id: 'acme', total: 1 }));
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
    expect(bodies[0]?.id).toMatch(/^evt_/);
  });

  test('gives up after three requests, with the reason of the last one', async () => {
    answers = [{ status: 503, body: { detail: 'PostgreSQL does not answer.' } }];
    await expect(publisher().publish(order())).rejects.toThrow('/tidings/api/events answered 503: PostgreSQL does not answer.');
    expect(bodies).toHaveLength(3);
  });

  test('names wrong fields without a request, and those that only the API finds', async () => {
    answers = [{ status: 400, body: { errors: [{ field: 'data.total', message: 'must be at most 10' }] } }];
    await expect(publisher().publish([order(Number.NaN)])).rejects.toMatchObject({ errors: [{ field: 'events[0].data.total' }] });
    expect(bodies).toEqual([]);
    await expect(publisher().publish(order())).rejects.toEqual(
      new InvalidEventError([{ field: 'data.total', message: 'must be at most 10' }]),
    );
    expect(bodies).toHaveLength(1);
  });

  test.each<[Answer, string]>([
    [{ status: 409, body: { detail: 'Another event has it: order-1.' } }, 'Another event has it: order-1.'],
    [{ status: 413 }, 'The request is too large for the API, or for a proxy in front of it (413).'],
  ])('does not repeat what will never be accepted', async (answer, reason) => {
    answers = [answer];
    await expect(publisher().publish(order())).rejects.toEqual(new RejectedEventError(reason));
    expect(bodies).toHaveLength(1);
  });

  test('says why a token is refused', async () => {
    answers = [{ status: 401, body: { title: 'The token is missing or not valid' } }];
    await expect(publisher().publish(order())).rejects.toThrow('answered 401: The token is missing or not valid');
  });
});
