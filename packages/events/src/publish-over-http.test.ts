import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { syncFailed } from './catalog/sync.js';
import { publishOverHttp } from './publish-over-http.js';
import { RejectedEventError } from './rejected-event-error.js';

let api: Server;
let url: string;
let requests: string[];
let answer: { status: number; type?: string; body?: string } | 'none';

beforeEach(async () => {
  requests = [];
  api = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push(`${String(request.method)} ${String(request.url)} ${String(request.headers.authorization)} ${body}`);
      if (answer === 'none') return;
      response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/problem+json; charset=utf-8' });
      response.end(answer.body ?? '{}');
    });
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  url = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`;
});
afterEach(() => {
  api.close();
  api.closeAllConnections();
});

const events = ['a', 'b'].map((id) => syncFailed({ user_id: 'alice', error_message: 'gone' }, { id }));
const error = async (token: string | (() => Promise<string>) = 'token', timeoutMs?: number) =>
  publishOverHttp({ url, token, ...(timeoutMs && { timeoutMs }) })(events).catch((reason: unknown) => reason as Error);

describe('publishing over HTTP', () => {
  test('sends the events with a token, and resolves when the API has committed them, now or earlier', async () => {
    for (const status of [202, 200]) {
      answer = { status };
      expect(await error(() => Promise.resolve(`fresh-${String(status)}`))).toBeUndefined();
    }
    expect(requests).toEqual([
      `POST /api/events Bearer fresh-202 ${JSON.stringify({ events })}`,
      `POST /api/events Bearer fresh-200 ${JSON.stringify({ events })}`,
    ]);
  });

  test('sends one event without a list', async () => {
    answer = { status: 202 };
    await publishOverHttp({ url, token: 'token' })(events.slice(0, 1));
    expect(requests).toEqual([`POST /api/events Bearer token ${JSON.stringify(events[0])}`]);
  });

  test.each([
    [400, '{"errors":[{"field":"events[0].data.x","message":"is not a known field"}]}', 'events[0].data.x: is not a known field'],
    [409, '{"title":"The id is taken","detail":"Another event has it: a."}', 'Another event has it: a.'],
    [413, '{}', 'The request is too large for the API, or for a proxy in front of it (413).'],
  ])('throws a RejectedEventError when the API responds with %i', async (status, body, message) => {
    answer = { status, body };
    expect(await error()).toEqual(new RejectedEventError(message));
  });

  test.each([
    ['is away', 503, 'application/problem+json', '{"detail":"PostgreSQL does not answer."}', 'PostgreSQL does not answer.'],
    ['refuses the token', 401, 'application/problem+json', '{"title":"Who are you?"}', 'Who are you?'],
    ['is busy', 429, 'application/problem+json', '{"title":"Too many requests"}', 'Too many requests'],
    [
      'is not the server that responds with 400',
      400,
      'text/html',
      'plain HTTP to a port for HTTPS',
      'plain HTTP to a port for HTTPS',
    ],
    ['is not the server that responds with 409', 409, 'application/problem+json', 'no JSON', 'no JSON'],
  ])('throws an error to retry when the API %s', async (_case, status, type, body, reason) => {
    answer = { status, type, body };
    const thrown = await error();
    expect(thrown).toEqual(new Error(`POST ${url}/api/events answered ${String(status)}: ${reason}`));
    expect(thrown).not.toBeInstanceOf(RejectedEventError);
  });

  test('throws an error to retry when there is no response', async () => {
    answer = 'none';
    expect(await error('token', 50)).toMatchObject({ name: 'TimeoutError' });
    api.close();
    api.closeAllConnections();
    expect(await error()).toMatchObject({ message: 'fetch failed' });
  });
});
