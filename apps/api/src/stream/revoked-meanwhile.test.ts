import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { followStream } from '../../test/follow-stream.js';
import { waitForBlockedQueries } from '../../test/locks.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  // Longer than the test: only the revocation itself may end the stream.
  api = await startApi({ refusalIntervalMs: 600_000 });
});
afterAll(() => api.stop());

test('a stream that is still being opened when its token is revoked ends at once', async () => {
  const holder = await api.database.pool.connect();
  await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
  const opening = followStream(api, { token: api.token('alice', { jti: 'lost' }) });
  await waitForBlockedQueries(api.database, 1);
  await api.revoke({ jti: 'lost' });
  await holder.query('COMMIT');
  holder.release();
  const stream = await opening;
  await eventually(() => {
    expect(stream.received).toMatchObject({ ended: true, text: expect.stringContaining('{"reason":"token_revoked"}') });
  });
});
