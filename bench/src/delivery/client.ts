// The upper limit: the HTTP client alone. Each request to this server sends COUNT requests to the receiver, and gets its
// answer after the last one.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { runConcurrently } from '../requests.js';
import { body, createSend, headers } from './send.js';

const { RECEIVER = '', CONCURRENCY = '', COUNT = '', CLIENT = '' } = process.env;

function withUndici(): () => Promise<unknown> {
  const pool = new Pool(RECEIVER, { connections: Number(CONCURRENCY) });
  return async () => (await pool.request({ path: '/', method: 'POST', headers, body })).body.dump();
}

const send = CLIENT === 'undici' ? withUndici() : createSend(RECEIVER);
const server = createServer((_request, response) => {
  void runConcurrently(Number(CONCURRENCY), Number(COUNT), send).then(() => response.end());
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
