// The upper limit: an Express handler that parses JSON, writes all events with one INSERT, and answers, without validation.
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';

interface Event {
  type: string;
  data: { user_id?: string };
}

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
await pool.query(
  'CREATE TABLE IF NOT EXISTS bare_events (position bigserial PRIMARY KEY, id text, type text, user_id text, data json, timestamp timestamptz)',
);

const app = express();
app.post('/', express.json({ limit: '1mb' }), async (request, response) => {
  const body = request.body as Event | { events: Event[] };
  const events = 'events' in body ? body.events : [body];
  const ids = events.map(() => `evt_${randomUUID()}`);
  await pool.query({
    name: 'insert',
    text: `INSERT INTO bare_events (id, type, user_id, data, timestamp)
      SELECT id, type, user_id, data, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::json[]) AS new (id, type, user_id, data)`,
    values: [
      ids,
      events.map(({ type }) => type),
      events.map(({ data }) => data.user_id),
      events.map(({ data }) => JSON.stringify(data)),
    ],
  });
  response.status(202).json({ data: ids.map((id) => ({ id, status: 'accepted' })) });
});
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
