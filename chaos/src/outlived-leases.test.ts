import { expect, test } from '@jest/globals';
import { countOutlivedLeases } from './outlived-leases.js';

const lost = (event: string, heldMs: number): string =>
  JSON.stringify({
    message: 'The lease was lost before the attempt was recorded.',
    event_id: event,
    webhook_id: 'wh_1',
    held_ms: heldMs,
  });

test('attempts that outlived their lease are counted by delivery', () => {
  const lines = [
    'Worker is ready.',
    '{"message":"Attempted: failed."}',
    lost('evt_1', 4000),
    lost('evt_1', 9000),
    lost('evt_2', 4001),
  ];
  expect(countOutlivedLeases(lines, 4000)).toEqual(
    new Map([
      ['evt_1 → wh_1', 2],
      ['evt_2 → wh_1', 1],
    ]),
  );
});

test('a lease that was lost before it expired is a fault of Tidings, and not counted', () => {
  expect(countOutlivedLeases([lost('evt_1', 3999)], 4000)).toEqual(new Map());
});
