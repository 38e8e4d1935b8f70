// The limit: the HTTP client alone. Each request to it makes COUNT requests to the receiver, and is answered when they are done.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { inParallel } from '../requests.js';
import { body, createSending, headers } from './sending.js';

const { RECEIVER = '', CONCURRENCY = '', COUNT = '', CLIENT = '' } = process.env;

function withUndici(): () => Promise<unknown> {
  const pool = new Pool(RECEIVER, { connections: Number(CONCURRENCY) });
  return async () => (await pool.request({ path: '/', method: 'POST', headers, body })).body.dump();
}

const send = CLIENT === 'undici' ? withUndici() : createSending(RECEIVER);
const server = createServer((_request, response) => {
  void inParallel(Number(CONCURRENCY), Number(COUNT), send).then(() => response.end());
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
