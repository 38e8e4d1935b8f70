import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openTerminal } from '../../test/cli.js';

let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

/** The API of these tests verifies no token. */
const TOKEN = `e30.${Buffer.from('{"sub":"alice"}').toString('base64url')}.none`;
const WEBHOOK = {
  ...{ url: 'https://example.com/', event_types: ['*'], enabled: true, disabled_reason: null, throttled_until: null },
  ...{ circuit: { state: 'closed' }, paused_by: ['verification'], verification: { state: 'waiting', error_class: null } },
};

test('lists webhooks that wait for their verification with the class of the last error; pauses come first', async () => {
  const data = [
    { ...WEBHOOK, id: 'wh_1' },
    { ...WEBHOOK, id: 'wh_2', verification: { state: 'waiting', error_class: 'http_status' } },
    { ...WEBHOOK, id: 'wh_3', paused_by: ['owner', 'verification'] },
    { ...WEBHOOK, id: 'wh_4', paused_by: [], verification: { state: 'verified', error_class: null } },
  ];
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data, next_cursor: null }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const { out } = await openTerminal({ TIDINGS_URL: url, TIDINGS_TOKEN: TOKEN }).run('webhooks list');
  const states = out.split('\n').map((line) => line.split(/\s{2,}/).slice(0, 2));
  expect(states).toEqual([
    ['ID', 'STATE'],
    ['wh_1', 'not verified'],
    ['wh_2', 'not verified (http_status)'],
    ['wh_3', 'paused'],
    ['wh_4', 'enabled'],
  ]);
});
