import { describe, expect, test } from '@jest/globals';
import { parseNetworks } from './address.js';
import { createGuard, type Resolve } from './guard.js';

const answers =
  (...addresses: string[]): Resolve =>
  (_hostname, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };

const resolve = (host: string, answer: Resolve, allowed = parseNetworks('')) =>
  createGuard({ allowed, resolve: answer })
    .resolve(host)
    .catch((error: unknown) => String((error as NodeJS.ErrnoException).code));

describe('the guard at connect time', () => {
  test('passes all addresses of a public answer, in its order', async () => {
    expect(await resolve('shop.example', answers('8.8.8.8', '2606:4700::1111'))).toEqual(['8.8.8.8', '2606:4700::1111']);
  });

  test('refuses the whole answer when any address in it is forbidden', async () => {
    expect(await resolve('shop.example', answers('8.8.8.8', '127.0.0.1'))).toBe('EBLOCKEDNAME');
    expect(await resolve('shop.example', answers('8.8.8.8', '::1'))).toBe('EBLOCKEDNAME');
  });

  test('looks names up without the search domains of the machine, unless internal networks are allowed', async () => {
    const asked: string[] = [];
    const note: Resolve = (hostname, _options, callback) => {
      asked.push(hostname);
      callback(null, [{ address: '8.8.8.8', family: 4 }]);
    };
    await resolve('db.prod', note);
    await resolve('shop.example.', note);
    await resolve('receiver', note, parseNetworks('10.0.0.0/8'));
    expect(asked).toEqual(['db.prod.', 'shop.example.', 'receiver']);
  });

  test('passes on the error of DNS, and reports an empty answer as not found', async () => {
    const failing: Resolve = (_hostname, _options, callback) => {
      callback(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }), []);
    };
    expect(await resolve('shop.example', failing)).toBe('EAI_AGAIN');
    expect(await resolve('shop.example', answers())).toBe('ENOTFOUND');
  });

  test('checks an address in the URL itself, and looks nothing up', async () => {
    const never: Resolve = () => {
      throw new Error('looked up');
    };
    expect(await resolve('127.0.0.1', never)).toBe('EBLOCKED');
    expect(await resolve('::ffff:10.0.0.1', never)).toBe('EBLOCKED');
    expect(await resolve('8.8.8.8', never)).toEqual(['8.8.8.8']);
  });
});
