import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '@tidings/testing';
import { startApi, type TestApi, type TestApiOptions } from '../../test/start-api.js';

const LIMIT = 3;
const WARNING = 'Connections from one address are refused: it has as many as CONNECTIONS_PER_ADDRESS allows.';

let api: TestApi;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await api.stop();
});
const start = async (options: TestApiOptions = {}) => {
  api = await startApi({ ...options, env: { CONNECTIONS_PER_ADDRESS: String(LIMIT), ...options.env } });
};

interface Client {
  send: (request: string) => void;
  /** The text that has come back so far. */
  received: () => string;
  isClosed: () => boolean;
  destroy: () => void;
}

/** Another address of this machine. On Linux all of 127.0.0.0/8 are. */
const OTHER = '127.0.0.2';
const withOther = process.platform === 'linux' ? test : test.skip;

/** Connects from an address of this machine. */
async function connectFrom(localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port: Number(new URL(api.url).port), host: '127.0.0.1', localAddress });
  sockets.push(socket);
  let text = '';
  let isClosed = false;
  socket.on('data', (data) => (text += String(data))).on('error', () => undefined);
  socket.once('close', () => (isClosed = true));
  await once(socket, 'connect');
  return {
    send: (request) => void socket.write(request),
    received: () => text,
    isClosed: () => isClosed,
    destroy: () => socket.destroy(),
  };
}
const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: tidings\r\n\r\n';
const stream = (owner: string, forwardedFor: string) =>
  `GET /api/events/stream HTTP/1.1\r\nHost: tidings\r\nAuthorization: Bearer ${api.token(owner)}\r\nX-Forwarded-For: ${forwardedFor}\r\n\r\n`;

const expectServed = async (client: Client) => {
  client.send(REQUEST);
  await eventually(() => {
    expect(client.received()).toContain('HTTP/1.1 200 ');
  });
};
const expectRefused = async (client: Client) => {
  await eventually(() => {
    expect(client.isClosed()).toBe(true);
  });
  expect(client.received()).toBe('');
};
/** Opens as many connections as one address may have. */
const connectAll = async (address?: string) => {
  const clients: Client[] = [];
  for (let count = 0; count < LIMIT; count += 1) {
    const client = await connectFrom(address);
    // The server has accepted it.
    await expectServed(client);
    clients.push(client);
  }
  return clients;
};

describe('an address with the maximum number of connections', () => {
  withOther('gets no further one until it closes another, and every other address does', async () => {
    await start();
    const [first] = await connectAll();
    for (let extra = 0; extra < 5; extra += 1) await expectRefused(await connectFrom());
    await expectServed(await connectFrom(OTHER));
    first?.destroy();
    await eventually(async () => {
      const next = await connectFrom();
      next.send(REQUEST);
      await eventually(() => {
        expect(next.received() !== '' || next.isClosed()).toBe(true);
      });
      expect(next.received()).toContain('HTTP/1.1 200 ');
    });
    const warnings = api
      .logged()
      .split('\n')
      .filter((line) => line.includes(WARNING));
    expect(warnings.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 'warn', address: '127.0.0.1', connections_per_address: LIMIT }),
    ]);
  });

  withOther('is counted with connections whose request never ends', async () => {
    await start();
    for (let count = 0; count < LIMIT; count += 1) (await connectFrom()).send('GET / HTTP/1.1\r\nHost: tid');
    await eventually(async () => {
      await expectRefused(await connectFrom());
    });
    await expectServed(await connectFrom(OTHER));
  });

  test('has no limit with 0', async () => {
    await start({ env: { CONNECTIONS_PER_ADDRESS: '0' } });
    await connectAll();
    await expectServed(await connectFrom());
  });
});

describe.each([
  ['a number of proxies', 1],
  ['the network of the proxy', ['127.0.0.1/32']],
])('behind %s', (_what, trustedProxies) => {
  test('the connections of the proxy are not counted, and the streams of each client are', async () => {
    await start({ trustedProxies });
    await connectAll();
    for (let count = 0; count < LIMIT; count += 1) {
      const client = await connectFrom();
      client.send(stream(`owner-${String(count)}`, '192.0.2.1'));
      await eventually(() => {
        expect(client.received()).toContain('HTTP/1.1 200 ');
      });
    }
    const beyond = await connectFrom();
    beyond.send(stream('another', '192.0.2.1'));
    await eventually(() => {
      expect(beyond.received()).toContain('from your address');
    });
    expect(beyond.received()).toMatch(/^HTTP\/1\.1 429 [^]*\r\nretry-after: 10\r\n/i);
    const elsewhere = await connectFrom();
    elsewhere.send(stream('another', '192.0.2.2'));
    await eventually(() => {
      expect(elsewhere.received()).toContain('HTTP/1.1 200 ');
    });
    expect(await api.metrics()).toContain('tidings_stream_refused_total{limit="address"} 1');
  });
});

test('with the network of a proxy, a client that connects past it is counted', async () => {
  await start({ trustedProxies: ['127.0.0.9/32'] });
  await connectAll();
  await expectRefused(await connectFrom());
});
