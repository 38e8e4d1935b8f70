// Publishes at a rate, in a process of its own, so that its CPU time is nobody else's. A POST says where, how often and how
// long; its answer comes when all events are answered.
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { now } from '../now.js';
import { publishAtRate } from '../publish-at-rate.js';
import { post } from '../requests.js';

/** The body of a POST to the publisher. */
export interface Load {
  url: string;
  token: string;
  /** Events a second. */
  rate: number;
  seconds: number;
  owner: string;
}

const agent = new Agent({ keepAlive: true });

async function publish({ url, token, rate, seconds, owner }: Load): Promise<void> {
  // The observer takes the time from `entity_id`: the time of the request, not the intended one, whose timer adds a millisecond.
  const event = (): string =>
    JSON.stringify({
      type: 'gaps.updated',
      data: { user_id: owner, entity_type: 'artist', entity_id: now().toFixed(3) },
    });
  await publishAtRate(() => post(url, token, event(), agent), rate, seconds);
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  request.once('end', () => {
    publish(JSON.parse(body) as Load).then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
// A load may take longer than a request usually may.
server.requestTimeout = 0;
