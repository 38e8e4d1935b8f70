import { describe, expect, test } from '@jest/globals';
import { ConflictingEventError, type Accept } from '@tidings/accept';
import type { Expired, ExpiringDeliveries } from '@tidings/database';
import type { TidingsEvent } from '@tidings/events';
import { createExpirePaused } from './expire-paused.js';

const EXPIRING: ExpiringDeliveries = {
  webhookId: 'wh_1',
  owner: 'alice',
  pausedBy: ['owner'],
  occasion: '1792000000',
  period: '2026_10_20',
  periodEndsAt: new Date('2026-10-24T00:00:00Z'),
  count: 7,
  oldestAt: new Date('2026-10-21T10:00:00Z'),
  skippedAfter: new Date('2026-11-23T00:00:00Z'),
};

/** The same, as a later round reads it. */
const LATER: ExpiringDeliveries = { ...EXPIRING, count: 8, skippedAfter: new Date('2026-11-23T00:01:00Z') };

interface Round {
  pages?: ExpiringDeliveries[][];
  expired?: Expired[];
  failure?: Error;
}

/** Runs one round over pages of webhooks to notify, and chunks of deliveries to skip. */
async function runRound({ pages = [], expired = [], failure }: Round) {
  const accepted: TidingsEvent[] = [];
  const marked: string[] = [];
  const places: string[] = [];
  const [left, chunks] = [[...pages], [...expired]];
  let ended = 0;
  const accept = Object.assign(
    (events: readonly TidingsEvent[]) => {
      accepted.push(...events);
      return failure ? Promise.reject(failure) : Promise.resolve([]);
    },
    { idle: () => Promise.resolve() },
  ) as Accept;
  const run = createExpirePaused({
    readExpiring: () => {
      const expiring = left.shift() ?? [];
      return Promise.resolve({ expiring, cursor: left.length > 0 ? 'next' : null });
    },
    accept,
    markExpiring: ({ webhookId }) => Promise.resolve(void marked.push(webhookId)),
    skipExpired: ({ webhookId }) => {
      places.push(webhookId);
      return Promise.resolve(chunks.shift() ?? null);
    },
    onEnded: (_status, count) => (ended += count),
    log: { warn: () => undefined },
  });
  const error = await run(() => false).catch((reason: unknown) => reason);
  return { accepted, marked, places, ended, error };
}

describe('the owner of a paused webhook whose deliveries are about to expire', () => {
  test('gets an event with their number and the time, once', async () => {
    const { accepted, marked } = await runRound({ pages: [[EXPIRING]] });
    expect(accepted).toMatchObject([{ type: 'webhook.expiring', owner: 'alice' }]);
    expect(JSON.parse(accepted[0]?.data ?? '')).toEqual({
      user_id: 'alice',
      webhook_id: 'wh_1',
      paused_by: ['owner'],
      deliveries: 7,
      oldest_at: '2026-10-21T10:00:00.000Z',
      skipped_after: '2026-11-23T00:00:00.000Z',
    });
    expect(marked).toEqual(['wh_1']);
  });

  test('gets the same event after an interrupted round', async () => {
    const [first, second] = [await runRound({ pages: [[EXPIRING]] }), await runRound({ pages: [[LATER]] })];
    expect(second.accepted[0]?.id).toBe(first.accepted[0]?.id);
  });

  test('counts as notified when an interrupted round has published the event with other numbers', async () => {
    const { marked, error } = await runRound({ pages: [[LATER]], failure: new ConflictingEventError(['evt_1']) });
    expect([marked, error]).toEqual([['wh_1'], undefined]);
  });

  test.each<[string, Partial<ExpiringDeliveries>]>([
    ['webhook', { webhookId: 'wh_2' }],
    ['period', { period: '2026_10_24' }],
    ['pause', { occasion: '1792000001' }],
  ])('gets another event for another %s', async (_, difference) => {
    const [first, second] = [
      await runRound({ pages: [[EXPIRING]] }),
      await runRound({ pages: [[{ ...EXPIRING, ...difference }]] }),
    ];
    expect(second.accepted[0]?.id).not.toBe(first.accepted[0]?.id);
  });

  test('is read page by page', async () => {
    const { marked } = await runRound({ pages: [[], [EXPIRING], [{ ...EXPIRING, webhookId: 'wh_2' }]] });
    expect(marked).toEqual(['wh_1', 'wh_2']);
  });

  test('stays unnotified while the event could not be accepted, and nothing is skipped', async () => {
    const { marked, places, error } = await runRound({ pages: [[EXPIRING]], failure: new Error('away') });
    expect([marked, places]).toEqual([[], []]);
    expect(error).toMatchObject({ message: 'away' });
  });
});

test('deliveries that have expired are skipped chunk by chunk, webhook by webhook', async () => {
  const chunk = { period: '2026_10_20', webhookId: 'wh_1', skipped: 2000, more: true };
  const expired = [chunk, { ...chunk, skipped: 5, more: false }, { ...chunk, webhookId: 'wh_2', skipped: 1, more: false }];
  const { places, ended } = await runRound({ expired });
  expect(places).toEqual(['', 'wh_1', 'wh_1 ', 'wh_2 ']);
  expect(ended).toBe(2006);
});
