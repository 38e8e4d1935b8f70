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
  event: { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1204, errors: 0, duration_s: 42.5 } },
};

test('prints the lines of the tour in order', () => {
  const lines = guidance(options).split('\n');
  expect(lines.filter((line) => /^(AUTH|curl)/.test(line))).toEqual([
    `AUTH='Authorization: Bearer a.b.c'`,
    `curl -sN http://127.0.0.1:3001/api/events/stream -H "$AUTH" &`,
    `curl -sw '\\n' http://127.0.0.1:3001/api/events -H "$AUTH" -H 'Content-Type: application/json' -d '{"type":"sync.completed","data":{"user_id":"alice","items_synced":1204,"errors":0,"duration_s":42.5}}'`,
    `curl -sw '\\n' http://127.0.0.1:3001/api/webhooks/wh_1/deliveries -H "$AUTH"`,
    `curl -sw '\\n' http://127.0.0.1:3001/api/webhooks -H "$AUTH" -H 'Content-Type: application/json' -d '{"url":"http://127.0.0.1:5000/hook","event_types":["sync.*"]}'`,
  ]);
});

test('defines an event type first where the installation has none to publish', () => {
  const lines = guidance({ ...options, event: null })
    .split('\n')
    .filter((line) => /^(\d\. |curl)/.test(line));
  expect(lines.slice(2, 6)).toEqual([
    expect.stringMatching(/^2\. Define an event type: this installation has none/),
    expect.stringMatching(/^curl .* -X PUT http:\/\/127\.0\.0\.1:3001\/api\/event-types\/greeting\.sent /),
    expect.stringMatching(/^3\. Publish an event\./),
    expect.stringContaining('"type":"greeting.sent"'),
  ]);
  expect(lines.at(-1)).toContain('"event_types":["greeting.*"]');
});

test('quotes an event for the shell', () => {
  const event = { type: 'order.shipped', data: { note: "alice's" } };
  const quoted = String.raw`-d '{"type":"order.shipped","data":{"note":"alice'\''s"}}'`;
  expect(guidance({ ...options, event })).toContain(quoted);
});

test('links to the dashboard with the token in the fragment, which browsers do not send to servers', () => {
  expect(guidance(options)).toContain('Dashboard   http://127.0.0.1:3001/#token=d.e.f\n');
});

test('does not show the URL of a server that it did not start: it may hold a password', () => {
  expect(guidance(options)).toContain('PostgreSQL  yours (DATABASE_URL)');
  expect(guidance({ ...options, redisUrl: 'redis://:secret@127.0.0.1:1' })).toContain('Redis       redis://:secret@127.0.0.1:1');
});

test('says that webhooks may reach this machine, and that the default forbids it', () => {
  expect(guidance(options)).toContain(
    'npm start lets webhooks reach this machine (EGRESS_ALLOW_CIDRS); by default they reach public addresses only.',
  );
});
