import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { forgetRegistrations } from './forget-registrations.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

test('the answers of registrations are forgotten after a day', async () => {
  const age = (key: string, hours: number) =>
    log.pool.query(
      `INSERT INTO registration_keys (owner, key, digest, webhook_id, sealed_answer, created_at)
       VALUES ('alice', $1, '', 'wh_1', '', now() - make_interval(mins => $2))`,
      [key, hours * 60],
    );
  await age('new', 23.5);
  await age('old', 24.5);
  expect(await forgetRegistrations(log.pool)).toBe(1);
  expect((await log.pool.query('SELECT key FROM registration_keys')).rows).toEqual([{ key: 'new' }]);
});
