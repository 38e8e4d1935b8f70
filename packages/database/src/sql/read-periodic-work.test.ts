import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { readPeriodicWork } from './read-periodic-work.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const NOTHING = { expansions: false, cancellations: false, notices: false, verifications: false };

test('an installation whose webhooks are enabled and verified has nothing to do', async () => {
  await log.addDelivery();
  expect(await readPeriodicWork(log.pool)).toEqual(NOTHING);
});

test.each([
  ['expansions', "INSERT INTO expansions (event_position, event_id, event_type, accepted_at) VALUES (1, 'evt', 'a.b', now())"],
  ['cancellations', "DELETE FROM webhooks WHERE id = 'wh'"],
  ['notices', "UPDATE webhooks SET disabled_at = now(), disabled_reason = 'gone'"],
  ['verifications', 'UPDATE webhooks SET unverified_since = now()'],
])('there are %s once there is a row', async (work, statement) => {
  await log.addWebhook('wh');
  await log.pool.query(statement);
  expect(await readPeriodicWork(log.pool)).toEqual({ ...NOTHING, [work]: true });
});

test('an owner who was notified is not notified again', async () => {
  await log.addWebhook('wh');
  await log.pool.query("UPDATE webhooks SET disabled_at = now(), disabled_reason = 'gone', disabled_notified_at = now()");
  expect(await readPeriodicWork(log.pool)).toEqual(NOTHING);
});
