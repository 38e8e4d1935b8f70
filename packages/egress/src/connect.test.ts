import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Agent, ClientRequestArgs } from 'node:http';
import { Socket, type LookupFunction } from 'node:net';
import { connectGuarded } from './connect.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

interface Dialled {
  address: string;
  socket: Socket;
}

/** Connects to a host with these addresses, over a network whose connections are made when the test says so. */
function connecting(...addresses: string[]) {
  const dialled: Dialled[] = [];
  const connect = (({ lookup }: ClientRequestArgs & { lookup: LookupFunction }) => {
    const socket = new Socket();
    lookup('shop.example', {}, (_error, address) => dialled.push({ address: address as string, socket }));
    return socket;
  }) as Agent['createConnection'];
  const result = new Promise<unknown>((resolve) => {
    const guard = { resolve: () => Promise.resolve(addresses) };
    connectGuarded(connect, guard)({ host: 'shop.example' }, (error, socket) => {
      resolve(error ?? socket);
    });
  });
  return { dialled, result };
}
/** Lets time pass, and the promises that wait for it. */
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const unreachable = () => Object.assign(new Error('connect ENETUNREACH'), { code: 'ENETUNREACH' });

test('a slow IPv4 address beside an unreachable IPv6 one has seconds to connect', async () => {
  const { dialled, result } = connecting('2001:db8::1', '192.0.2.1');
  await pass(0);
  dialled[0]?.socket.destroy(unreachable());
  await pass(9000);
  expect(dialled.map(({ address }) => address)).toEqual(['2001:db8::1', '192.0.2.1']);
  dialled[1]?.socket.emit('connect');
  expect(await result).toBe(dialled[1]?.socket);
});

test('a socket that lost the race is closed', async () => {
  const { dialled, result } = connecting('192.0.2.1', '2001:db8::1');
  await pass(250);
  dialled[1]?.socket.emit('connect');
  await result;
  expect(dialled.map(({ socket }) => socket.destroyed)).toEqual([true, false]);
});

test('a host that accepts no connection within 10 s is an error of the connection', async () => {
  const { dialled, result } = connecting('192.0.2.1');
  await pass(10_000);
  expect(await result).toMatchObject({ code: 'ECONNECTTIMEOUT' });
  expect(dialled[0]?.socket.destroyed).toBe(true);
});
