import { describe, expect, test } from '@jest/globals';
import type { Accept } from '@tidings/accept';
import type { DisabledWebhook } from '@tidings/database';
import { catalog, type TidingsEvent } from '@tidings/events';
import { createNotifyOwners } from './notify-owners.js';

const webhook: DisabledWebhook = { id: 'wh_1', owner: 'alice', reason: 'failing', disabledAt: new Date('2026-11-24T10:00:00Z') };

/** One round over webhooks that nobody was told of. */
async function tell(untold: DisabledWebhook[], failure?: Error) {
  const accepted: TidingsEvent[] = [];
  const told: string[] = [];
  const accept = Object.assign(
    (events: readonly TidingsEvent[]) => {
      accepted.push(...events);
      return failure ? Promise.reject(failure) : Promise.resolve([]);
    },
    { idle: () => Promise.resolve() },
  ) as Accept;
  const run = createNotifyOwners({
    readUnnotified: () => Promise.resolve(untold),
    accept,
    markNotified: ({ id }) => Promise.resolve(void told.push(id)),
    catalog,
    log: { warn: () => undefined },
  });
  const error = await run().catch((reason: unknown) => reason);
  return { accepted, told, error };
}

describe('the owner of a webhook that was disabled', () => {
  test('gets an event that says which one, why and when, and is told once', async () => {
    const { accepted, told } = await tell([webhook]);
    expect(accepted).toMatchObject([{ type: 'webhook.disabled', owner: 'alice', timestamp: '2026-11-24T10:00:00.000Z' }]);
    expect(JSON.parse(accepted[0]?.data ?? '')).toEqual({
      user_id: 'alice',
      webhook_id: 'wh_1',
      reason: 'failing',
      disabled_at: '2026-11-24T10:00:00.000Z',
    });
    expect(told).toEqual(['wh_1']);
  });

  test('gets the same event again when the round was cut short, and another one when it is disabled anew', async () => {
    const [first, second] = [await tell([webhook]), await tell([webhook])];
    expect(second.accepted[0]?.id).toBe(first.accepted[0]?.id);
    const later = await tell([{ ...webhook, disabledAt: new Date('2026-11-25T10:00:00Z') }]);
    expect(later.accepted[0]?.id).not.toBe(first.accepted[0]?.id);
  });

  test('is not taken for told while the log did not accept the event', async () => {
    const { told, error } = await tell([webhook], new Error('away'));
    expect(told).toEqual([]);
    expect(error).toMatchObject({ message: 'away' });
  });
});
