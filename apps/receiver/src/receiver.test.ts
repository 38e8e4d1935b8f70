import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { createReceiver, type ReceivedRequest } from './receiver.js';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const BODY = '{"type":"sync.completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"user_id":"alice","items_synced":3}}';

let server: Server;
let url: string;
let requests: ReceivedRequest[];

beforeEach(async () => {
  requests = [];
  server = createServer(createReceiver({ secret: SECRET, onRequest: (received) => requests.push(received) })).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

function post(body: string, { id = 'evt_1', secret = SECRET, at = new Date(), signed = BODY } = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, signed),
    },
  });
}

describe('the demo receiver', () => {
  test('accepts a request that is signed with its secret', async () => {
    expect((await post(BODY)).status).toBe(204);
    expect(requests).toEqual([
      { id: 'evt_1', attempt: 1, refused: null, type: 'sync.completed', data: { user_id: 'alice', items_synced: 3 } },
    ]);
  });

  test('answers a challenge, so that the webhook is verified', async () => {
    const body = JSON.stringify({ type: 'webhook.verification', timestamp: '2026-01-01T00:00:00Z', data: { challenge: 'abc' } });
    const response = await post(body, { signed: body });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ challenge: 'abc' });
  });

  test('counts the attempts of each event', async () => {
    await post(BODY);
    await post(BODY, { id: 'evt_2' });
    await post(BODY);
    expect(requests.map(({ id, attempt }) => `${id} ${String(attempt)}`)).toEqual(['evt_1 1', 'evt_2 1', 'evt_1 2']);
  });

  test.each([
    ['another secret', () => post(BODY, { secret: OTHER_SECRET }), 'No matching signature found'],
    ['a changed body', () => post(BODY.replace('alice', 'mallory')), 'No matching signature found'],
    ['an old request', () => post(BODY, { at: new Date(Date.now() - 600_000) }), 'Message timestamp too old'],
    ['no signature', () => fetch(url, { method: 'POST', body: BODY }), 'Missing required headers'],
    ['no body', () => fetch(url, { method: 'POST' }), 'Missing required headers'],
  ])('refuses %s and does not parse the body', async (_case, send, reason) => {
    const response = await send();
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(reason);
    expect(requests).toEqual([{ id: expect.any(String), attempt: 1, refused: expect.stringContaining(reason) }]);
  });
});
