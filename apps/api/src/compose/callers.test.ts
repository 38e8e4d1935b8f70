import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { revokeToken } from '@tidings/auth';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { followStream } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let proxy: FaultProxy;
let api: TestApi;
beforeEach(async () => {
  api = await startApi({
    refusalIntervalMs: 20,
    reachDatabase: async (url) => {
      proxy = await createFaultProxy(url);
      return proxy.url;
    },
  });
});
afterEach(async () => {
  await api.stop();
  await proxy.disconnect();
});

const revoke = (tokenId: string) =>
  revokeToken(api.redis.client, api.redis.prefix, { tokenId, endsAt: Math.floor(Date.now() / 1000) + 600 });
const statusOf = async (token: string) =>
  (await fetch(`${api.url}/api/event-types`, { headers: { authorization: `Bearer ${token}` } })).status;

describe('a revoked token', () => {
  test('is refused, and its stream ends, from the next round on', async () => {
    const [lost, kept] = [api.token('alice', { jti: 'lost' }), api.token('alice', { jti: 'kept' })];
    const [stream, other] = [await followStream(api, { token: lost }), await followStream(api, { token: kept })];
    await revoke('lost');
    await eventually(() => {
      expect(stream.received).toMatchObject({ ended: true, text: expect.stringContaining('{"reason":"token_revoked"}') });
    });
    expect([await statusOf(lost), await statusOf(kept), other.received.ended]).toEqual([401, 200, false]);
  });

  test('is refused, and its stream ends, while PostgreSQL is unavailable', async () => {
    // The stream opens first: opening it reads the log.
    const token = api.token('alice', { jti: 'lost' });
    const stream = await followStream(api, { token });
    await proxy.disconnect();
    await eventually(async () => {
      expect(await api.metrics()).toMatch(/tidings_periodic_task_rounds_total\{task="refused callers",result="failed"\} [1-9]/);
    });
    await revoke('lost');
    await eventually(() => {
      expect(stream.received).toMatchObject({ ended: true, text: expect.stringContaining('{"reason":"token_revoked"}') });
    });
    expect(await statusOf(token)).toBe(401);
    await proxy.restore();
  });

  test('ends the browser session for the pages of the queues that it began', async () => {
    const headers = { authorization: `Bearer ${api.token('olga', { scope: 'admin', jti: 'lost' })}` };
    const begun = await fetch(`${api.url}/api/admin/queues/session`, { method: 'POST', headers });
    const cookie = String(begun.headers.get('set-cookie')).split(';')[0] ?? '';
    const open = async () => (await fetch(`${api.url}/admin/queues`, { headers: { cookie } })).status;
    expect(await open()).toBe(200);
    await revoke('lost');
    await eventually(async () => {
      expect(await open()).toBe(401);
    });
  });
});
