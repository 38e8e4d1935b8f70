import { describe, expect, test } from '@jest/globals';
import type { Accept } from '@tidings/accept';
import type { DisabledWebhook } from '@tidings/database';
import type { TidingsEvent } from '@tidings/events';
import { createNotifyOwners } from './notify-owners.js';

const webhook: DisabledWebhook = { id: 'wh_1', owner: 'alice', reason: 'failing', disabledAt: new Date('2026-11-24T10:00:00Z') };

/** Runs one round over webhooks whose owners were not notified. */
async function notify(unnotified: DisabledWebhook[], failure?: Error) {
  const accepted: TidingsEvent[] = [];
  const notified: string[] = [];
  const accept = Object.assign(
    (events: readonly TidingsEvent[]) => {
      accepted.push(...events);
      return failure ? Promise.reject(failure) : Promise.resolve([]);
    },
    { idle: () => Promise.resolve() },
  ) as Accept;
  const run = createNotifyOwners({
    readUnnotified: () => Promise.resolve(unnotified),
    accept,
    markNotified: ({ id }) => Promise.resolve(void notified.push(id)),
    log: { warn: () => undefined },
  });
  const error = await run().catch((reason: unknown) => reason);
  return { accepted, notified, error };
}

describe('the owner of a webhook that was disabled', () => {
  test('gets an event with the webhook, the reason and the time, once', async () => {
    const { accepted, notified } = await notify([webhook]);
    expect(accepted).toMatchObject([{ type: 'webhook.disabled', owner: 'alice', timestamp: '2026-11-24T10:00:00.000Z' }]);
    expect(JSON.parse(accepted[0]?.data ?? '')).toEqual({
      user_id: 'alice',
      webhook_id: 'wh_1',
      reason: 'failing',
      disabled_at: '2026-11-24T10:00:00.000Z',
    });
    expect(notified).toEqual(['wh_1']);
  });

  test('gets the same event after an interrupted round, and a new one when the webhook is disabled again', async () => {
    const [first, second] = [await notify([webhook]), await notify([webhook])];
    expect(second.accepted[0]?.id).toBe(first.accepted[0]?.id);
    const later = await notify([{ ...webhook, disabledAt: new Date('2026-11-25T10:00:00Z') }]);
    expect(later.accepted[0]?.id).not.toBe(first.accepted[0]?.id);
  });

  test('stays unnotified while the event could not be accepted', async () => {
    const { notified, error } = await notify([webhook], new Error('away'));
    expect(notified).toEqual([]);
    expect(error).toMatchObject({ message: 'away' });
  });
});
