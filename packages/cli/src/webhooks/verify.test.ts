import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openTerminal } from '../../test/cli.js';

let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

/** The API of these tests verifies no token. */
const TOKEN = `e30.${Buffer.from('{"sub":"alice"}').toString('base64url')}.none`;
const WAITING = { state: 'waiting', verified_at: null, failed_at: null, error_class: null, error: null };
const FAILED = {
  ...WAITING,
  failed_at: '2026-11-24T10:00:05Z',
  error_class: 'http_status',
  error: 'The response had the status 404.',
};
const VERIFIED = { ...WAITING, state: 'verified', verified_at: '2026-11-24T10:00:05Z' };

/** Opens a terminal at an API whose webhook has these states, one after the other: first in the answer to the request. */
async function terminalAt(states: readonly object[]) {
  const requests: string[] = [];
  server = createServer((request, response) => {
    requests.push(`${String(request.method)} ${String(request.url)}`);
    const verification = states[Math.min(requests.length, states.length) - 1];
    response.setHeader('content-type', 'application/json');
    response.writeHead(request.method === 'POST' ? 202 : 200).end(JSON.stringify({ id: 'wh_1', verification }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { terminal: openTerminal({ TIDINGS_URL: url, TIDINGS_TOKEN: TOKEN }), requests };
}

test('asks for a challenge, and waits until the receiver has answered', async () => {
  const { terminal, requests } = await terminalAt([WAITING, WAITING, VERIFIED]);
  expect(await terminal.run('webhooks verify wh_1')).toEqual({ code: 0, out: '✓ wh_1 is verified.', err: '' });
  expect(requests).toEqual(['POST /api/webhooks/wh_1/verify', 'GET /api/webhooks/wh_1', 'GET /api/webhooks/wh_1']);
});

test('exits with 1 and says why when the challenge fails, also when an earlier one failed in the same way', async () => {
  const again = { ...FAILED, failed_at: '2026-11-24T10:00:09Z' };
  const { terminal, requests } = await terminalAt([FAILED, FAILED, again]);
  expect(await terminal.run('webhooks verify wh_1')).toMatchObject({
    code: 1,
    out: '✗ wh_1 is not verified: The response had the status 404.',
  });
  expect(requests).toHaveLength(3);
});
