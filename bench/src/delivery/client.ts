// The limit: the HTTP client alone. Each request to it makes COUNT requests to the receiver, and is answered when they are done.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAgents, createGuard, parseNetworks } from '@tidings/egress';
import { createSender } from '@tidings/worker/send';
import { Pool } from 'undici';

const { RECEIVER: url = '', CONCURRENCY = '', COUNT = '', CLIENT = '' } = process.env;
const body = JSON.stringify({ type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 } });
const headers = { 'content-type': 'application/json' };

function withSender(): () => Promise<unknown> {
  const guard = createGuard({ allowed: parseNetworks('127.0.0.0/8') });
  const send = createSender({ agents: createAgents({ guard }), timeoutMs: 15_000 });
  return () => send({ url, body, headers });
}

function withUndici(): () => Promise<unknown> {
  const pool = new Pool(url, { connections: Number(CONCURRENCY) });
  return async () => (await pool.request({ path: '/', method: 'POST', headers, body })).body.dump();
}

const request = CLIENT === 'undici' ? withUndici() : withSender();
const server = createServer((_request, response) => {
  let left = Number(COUNT);
  const work = async (): Promise<void> => {
    while (left-- > 0) await request();
  };
  void Promise.all(Array.from({ length: Number(CONCURRENCY) }, work)).then(() => response.end());
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
