import { describe, expect, test } from '@jest/globals';
import { checkReadiness, createReadiness, NotReadyError } from './readiness.js';

const answering = () => Promise.resolve('PONG');

test('a thousand checks at once ask each dependency once', async () => {
  const asked = { postgresql: 0, redis: 0 };
  const asking = (name: keyof typeof asked) => () => {
    asked[name] += 1;
    return Promise.reject(new Error('gone'));
  };
  const check = createReadiness({ postgresql: asking('postgresql'), redis: asking('redis') }, 600_000);
  for (const { ready } of await Promise.all(Array.from({ length: 1000 }, check))) expect(ready).toBe(false);
  await check();
  expect(asked).toEqual({ postgresql: 1, redis: 1 });
});

describe('readiness', () => {
  test('is true when every dependency answers', async () => {
    expect(await checkReadiness({ postgresql: answering, redis: answering })).toEqual({
      ready: true,
      checks: { postgresql: 'ok', redis: 'ok' },
    });
  });

  test('names the dependency that fails, without its error', async () => {
    const failing = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1'));
    expect(await checkReadiness({ postgresql: answering, redis: failing })).toEqual({
      ready: false,
      checks: { postgresql: 'ok', redis: 'unreachable' },
    });
  });

  test('has the reason of a dependency that has words for everybody', async () => {
    const failing = () => Promise.reject(Object.assign(new Error('NOAUTH at 10.0.0.1'), { readiness: 'Redis wants a password' }));
    expect(await checkReadiness({ redis: failing })).toEqual({ ready: false, checks: { redis: 'Redis wants a password' } });
  });

  test('has the words of a dependency that gives a reason', async () => {
    const failing = () => Promise.reject(new NotReadyError('migrations are missing'));
    expect((await checkReadiness({ postgresql: failing })).checks).toEqual({ postgresql: 'migrations are missing' });
  });

  test('does not wait for a dependency that hangs', async () => {
    const hanging = () => new Promise(() => undefined);
    expect(await checkReadiness({ redis: hanging }, 10)).toEqual({
      ready: false,
      checks: { redis: 'no answer within 10 ms' },
    });
  });
});
