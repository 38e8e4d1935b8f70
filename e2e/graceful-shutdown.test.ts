import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { extractionStarted, syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { createHold } from './harness/signal.js';
import { streamUrl } from './harness/stream.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { createUser } from './harness/user.js';

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({ env: { WORKER_CONCURRENCY: '2' } });
});
afterAll(() => tidings.stop());

const event = () => syncFailed({ user_id: 'alice', error_message: '' });

test('finishes the requests in flight of a stopped worker, starts no others, and exits with 0', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const hold = createHold();
  const receiver = await startReceiver(() => hold.released.then(() => 200));
  const webhook = await alice.register(receiver);
  const inFlight = await service.publish([event(), event()]);
  await receiver.waitFor(2);

  const [worker] = tidings.workers;
  if (!worker) throw new Error('A worker was expected.');
  const stopped = worker.stop('SIGTERM');
  await worker.waitFor('Stopping.');
  const waiting = await service.publish([event(), event(), event()]);
  hold.release();
  expect(await stopped).toBe(0);

  // The worker recorded its requests, although it received SIGTERM before their answers.
  expect(receiver.counts()).toEqual(Object.fromEntries(inFlight.map((id) => [id, 1])));
  const states = async () =>
    Object.fromEntries((await alice.deliveryLog(webhook)).map(({ event_id, status }) => [event_id, status]));
  expect(await states()).toEqual({
    ...Object.fromEntries(inFlight.map((id) => [id, 'succeeded'])),
    ...Object.fromEntries(waiting.map((id) => [id, 'pending'])),
  });

  await tidings.startWorker();
  const deliveries = await alice.waitForDeliveries(webhook, 5);
  for (const delivery of deliveries) expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 1 });
  expect(receiver.counts()).toEqual(Object.fromEntries([...inFlight, ...waiting].map((id) => [id, 1])));
});

test('a stopping API with SHUTDOWN_DELAY_MS is not ready, and serves every other request meanwhile', async () => {
  const api = await tidings.startApi({ SHUTDOWN_DELAY_MS: '300000' });
  const service = createUser(api.url, tidings.asUser('service', 'events:publish').token);
  const follower = await service.follow();
  const stopped = api.stop('SIGTERM');
  await eventually(async () => {
    const { status, body } = await service.call('GET', '/readyz');
    expect([status, body]).toEqual([503, expect.objectContaining({ detail: 'The process is stopping.' })]);
  });
  await service.publish(extractionStarted({ version: '1', entity_types: [] }));
  await follower.waitFor(1);
  follower.close();
  await api.stop('SIGKILL');
  await stopped;
});

test('ends the streams of a stopped API with a `retry` time, and exits with 0', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const before = await service.publish(event());
  // More data than the sockets' buffers hold, for a client that does not read.
  const large = extractionStarted({ version: '1', entity_types: Array<string>(1000).fill('x'.repeat(200)) });
  for (let count = 0; count < 20; count += 1) await service.publish([large, large, large, large]);

  const stream = await fetch(streamUrl(tidings.url), { headers: { authorization: `Bearer ${alice.token}` } });
  const text = stream.text();
  const follower = await alice.follow();
  const id = await service.publish(event());
  // The stream may begin with some of the large events.
  await eventually(() => {
    expect(follower.ids()).toContain(id);
  });
  follower.close();

  // Difficult clients: one reconnects immediately on its open connection, one does not read its resumed stream, and one only
  // opens a connection.
  const reconnecting = reconnectUntilRefused(streamUrl(tidings.url), alice.token);
  await reconnecting.connected;
  const notReading = await readFirstEvent(streamUrl(tidings.url, { lastEventId: before }), alice.token);
  const { port, hostname } = new URL(tidings.url);
  const silent = connect(Number(port), hostname);
  await once(silent, 'connect');

  expect(await tidings.api.stop('SIGTERM')).toBe(0);
  // Rejects if the stream was aborted.
  expect(await text).toMatch(new RegExp(`\\nid: ${id}\\n(.*\\n)*\\nretry: [1-5]\\d{3}\\n\\n$`));
  expect(await reconnecting.lastError).toBe('ECONNREFUSED');
  // This stream may be aborted: that depends on the size of the kernel's buffers.
  await notReading.readRest().catch(() => undefined);
  silent.destroy();
});

/** Follows a stream, and stops reading after its first event. */
async function readFirstEvent(url: string, token: string) {
  const { body } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const chunks = (body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]();
  const next = async () => Buffer.from((await chunks.next()).value ?? []).toString();
  for (let text = await next(); !text.includes('id: ');) text += await next();
  return {
    async readRest() {
      while ((await next()) !== '');
    },
  };
}

/** Follows a stream over one keep-alive connection, and again as soon as it ends, until the server refuses connections. */
function reconnectUntilRefused(url: string, token: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const hold = createHold();
  const lastError = new Promise((resolve) => {
    const follow = (): void => {
      get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
        hold.release();
        response.resume().once('end', follow);
        response.once('error', follow);
      }).once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') follow();
        else resolve(error.code);
      });
    };
    follow();
  });
  return { connected: hold.released, lastError };
}
