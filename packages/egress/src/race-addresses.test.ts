import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { raceAddresses } from './race-addresses.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A network whose addresses answer when the test says so. */
function network() {
  const tried: string[] = [];
  const given: string[] = [];
  const answers = new Map<string, { accept: () => void; refuse: () => void }>();
  const open = (address: string, signal: AbortSignal) => {
    tried.push(address);
    signal.addEventListener('abort', () => given.push(address));
    return new Promise<string>((resolve, reject) => {
      answers.set(address, {
        accept: () => {
          resolve(`connected to ${address}`);
        },
        refuse: () => {
          reject(new Error(`refused by ${address}`));
        },
      });
    });
  };
  const answer = async (address: string, how: 'accept' | 'refuse') => {
    answers.get(address)?.[how]();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { open, tried, given, answer };
}

describe('the addresses of a host', () => {
  test('are tried each a moment after the one before, with the families by turns', async () => {
    const { open, tried, answer } = network();
    const connected = raceAddresses(['2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1'], open);
    expect(tried).toEqual(['2001:db8::1']);
    await jest.advanceTimersByTimeAsync(250);
    expect(tried).toEqual(['2001:db8::1', '192.0.2.1']);
    await jest.advanceTimersByTimeAsync(500);
    expect(tried).toEqual(['2001:db8::1', '192.0.2.1', '2001:db8::2', '2001:db8::3']);
    await answer('2001:db8::3', 'accept');
    expect(await connected).toBe('connected to 2001:db8::3');
  });

  test('that fail are followed by the next one at once', async () => {
    const { open, tried, answer } = network();
    const connected = raceAddresses(['2001:db8::1', '192.0.2.1'], open);
    await answer('2001:db8::1', 'refuse');
    expect(tried).toEqual(['2001:db8::1', '192.0.2.1']);
    await answer('192.0.2.1', 'accept');
    expect(await connected).toBe('connected to 192.0.2.1');
  });

  test('may be slow: one that is tried later does not end an earlier one', async () => {
    const { open, answer } = network();
    const connected = raceAddresses(['192.0.2.1', '2001:db8::1'], open);
    await jest.advanceTimersByTimeAsync(250);
    await answer('2001:db8::1', 'refuse');
    await jest.advanceTimersByTimeAsync(5000);
    await answer('192.0.2.1', 'accept');
    expect(await connected).toBe('connected to 192.0.2.1');
  });

  test('are given up when another one has answered', async () => {
    const { open, given, answer } = network();
    const connected = raceAddresses(['192.0.2.1', '192.0.2.2', '192.0.2.3'], open);
    await jest.advanceTimersByTimeAsync(250);
    await answer('192.0.2.2', 'accept');
    await connected;
    expect(given).toContain('192.0.2.1');
    expect(given).not.toContain('192.0.2.3');
  });

  test('that all fail are an error, the last one', async () => {
    const { open, answer } = network();
    const failed = raceAddresses(['192.0.2.1', '2001:db8::1'], open).catch((error: unknown) => (error as Error).message);
    await jest.advanceTimersByTimeAsync(250);
    await answer('2001:db8::1', 'refuse');
    await answer('192.0.2.1', 'refuse');
    expect(await failed).toBe('refused by 192.0.2.1');
  });

  test('that are very many are not all tried', async () => {
    const { open, tried, answer } = network();
    const many = Array.from({ length: 200 }, (_, index) => `192.0.2.${String(index)}`);
    const failed = raceAddresses(many, open).catch(() => 'failed');
    for (const address of many) await answer(address, 'refuse');
    expect(await failed).toBe('failed');
    expect(tried).toHaveLength(32);
  });
});
