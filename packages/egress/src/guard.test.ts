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

const lookUp = (resolve: Resolve, all: boolean, allowed = parseNetworks('')) =>
  new Promise((settle) => {
    createGuard({ allowed, resolve }).lookup('shop.example', { all }, (error, address, family) => {
      settle(error ? (error.code ?? error.message) : { address, family });
    });
  });

describe('the guard at connect time', () => {
  test('passes a public answer, for one address and for all', async () => {
    expect(await lookUp(answers('8.8.8.8', '1.1.1.1'), false)).toEqual({ address: '8.8.8.8', family: 4 });
    expect(await lookUp(answers('8.8.8.8', '2606:4700::1111'), true)).toMatchObject({
      address: [{ address: '8.8.8.8' }, { address: '2606:4700::1111' }],
    });
  });

  test('refuses the whole answer when any address in it is forbidden', async () => {
    expect(await lookUp(answers('8.8.8.8', '127.0.0.1'), true)).toBe('EBLOCKED');
    expect(await lookUp(answers('8.8.8.8', '::1'), false)).toBe('EBLOCKED');
  });

  test('passes on the error of DNS, and reports an empty answer as not found', async () => {
    const failing: Resolve = (_hostname, _options, callback) => {
      callback(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }), []);
    };
    expect(await lookUp(failing, true)).toBe('EAI_AGAIN');
    expect(await lookUp(answers(), true)).toBe('ENOTFOUND');
  });

  test('refuses forbidden addresses in the URL itself, which are never looked up', () => {
    const { checkLiteral } = createGuard({ allowed: [] });
    expect(checkLiteral('127.0.0.1')).toMatchObject({ code: 'EBLOCKED' });
    expect(checkLiteral('::ffff:10.0.0.1')).toMatchObject({ code: 'EBLOCKED' });
    expect(checkLiteral('8.8.8.8')).toBeNull();
    expect(checkLiteral('shop.example')).toBeNull();
  });
});
