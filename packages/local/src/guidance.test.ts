import { expect, test } from '@jest/globals';
import { guidance } from './guidance.js';

const options = {
  apiUrl: 'http://127.0.0.1:3001',
  receiverUrl: 'http://127.0.0.1:4001/hook',
  databaseUrl: undefined,
  redisUrl: undefined,
  token: 'a.b.c',
  pageToken: 'd.e.f',
  webhookId: 'wh_1',
};

test('the tour is lines to paste, in order', () => {
  const lines = guidance(options).split('\n');
  expect(lines.filter((line) => /^(AUTH|curl)/.test(line))).toEqual([
    `AUTH='Authorization: Bearer a.b.c'`,
    `curl -sN http://127.0.0.1:3001/api/events/stream -H "$AUTH" &`,
    `curl -sw '\\n' http://127.0.0.1:3001/api/events -H "$AUTH" -H 'Content-Type: application/json' -d '{"type":"sync.completed","data":{"user_id":"alice","items_synced":1204,"errors":0,"duration_s":42.5}}'`,
    `curl -sw '\\n' http://127.0.0.1:3001/api/webhooks/wh_1/deliveries -H "$AUTH"`,
    `curl -sw '\\n' http://127.0.0.1:3001/api/webhooks -H "$AUTH" -H 'Content-Type: application/json' -d '{"url":"http://127.0.0.1:5000/hook","event_types":["sync.*"]}'`,
  ]);
});

test('a link opens the dashboard, and signs in by what no server ever sees of an address', () => {
  expect(guidance(options)).toContain('Dashboard   http://127.0.0.1:3001/#token=d.e.f\n');
});

test('the addresses of servers that were there before are not shown: they may hold passwords', () => {
  expect(guidance(options)).toContain('PostgreSQL  yours (DATABASE_URL)');
  expect(guidance({ ...options, redisUrl: 'redis://:secret@127.0.0.1:1' })).toContain('Redis       redis://:secret@127.0.0.1:1');
});

test('it says that webhooks may reach this machine, which they may not elsewhere', () => {
  expect(guidance(options)).toContain(
    'Webhooks may go to this machine, since npm start opens it (EGRESS_ALLOW_CIDRS); by default they reach public addresses only.',
  );
});
