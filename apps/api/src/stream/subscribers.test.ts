import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fakeSession } from '../../test/stream-fixture.js';
import { createSubscribers } from './subscribers.js';
import type { Frame } from './frame.js';
import type { StreamEvent } from './stream-event.js';

const TYPES = ['sync.completed', 'sync.failed', 'gaps.updated'];
const USERS = ['alice', 'bob', 'carol'];

const events = fc
  .array(fc.record({ type: fc.constantFrom(...TYPES), owner: fc.option(fc.constantFrom(...USERS, 'nobody')) }), {
    maxLength: 12,
  })
  .map((list): StreamEvent[] =>
    list.map((event, index) => ({ ...event, position: index + 1, id: `e${String(index + 1)}`, data: '{}' })),
  );
const followers = fc.array(
  fc.record({
    owner: fc.constantFrom(...USERS),
    seesAll: fc.boolean(),
    types: fc.option(fc.subarray(TYPES).map((types) => new Set(types))),
    leaves: fc.boolean(),
  }),
);

describe('an audience', () => {
  test('gets, each session by itself, exactly what it may see and asked for, in order', () => {
    fc.assert(
      fc.property(followers, fc.array(events, { maxLength: 3 }), (followers, batches) => {
        const audience = createSubscribers();
        const sessions = followers.map(({ leaves, ...follower }) => ({ ...follower, leaves, ...fakeSession(follower) }));
        for (const { session } of sessions) audience.join(session);
        for (const { session, leaves } of sessions) if (leaves) audience.leave(session);
        for (const batch of batches) audience.send(batch);

        for (const { got, counts, owner, seesAll, types, leaves } of sessions) {
          const visible = batches
            .flat()
            .filter((event) => (seesAll || event.owner === null || event.owner === owner) && (types?.has(event.type) ?? true));
          expect(got).toEqual(leaves ? [] : visible.map(({ id }) => id));
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(got.length);
        }
      }),
    );
  });

  test('shares one buffer for an event, and for what goes out together', () => {
    const audience = createSubscribers();
    const frames: Frame[] = [];
    for (const [owner, types] of [
      ['alice', null],
      ['bob', null],
      ['bob', new Set(['a.b'])],
      ['carol', new Set(['a.b'])],
    ] as const) {
      audience.join(fakeSession({ owner, types, write: (frame) => void frames.push(frame) }).session);
    }
    const event = (position: number): StreamEvent => ({
      position,
      id: `e${String(position)}`,
      type: 'a.b',
      owner: null,
      data: '{}',
    });
    audience.send([event(1)]);
    expect(frames).toHaveLength(4);
    expect(new Set(frames).size).toBe(1);

    frames.length = 0;
    audience.send([event(2), event(3)]);
    // One write each; one buffer for those with the same types.
    expect(frames).toHaveLength(4);
    expect(new Set(frames).size).toBe(2);
  });

  test('is looked at only where there is something to get', () => {
    const audience = createSubscribers();
    const touched: string[] = [];
    for (const owner of USERS) {
      const { session } = fakeSession({ owner, types: new Set(['sync.completed']) });
      audience.join(Object.defineProperty(session, 'write', { get: () => (touched.push(owner), () => undefined) }));
    }
    audience.send([{ position: 1, id: 'e1', type: 'sync.completed', owner: 'bob', data: '{}' }]);
    audience.send([{ position: 2, id: 'e2', type: 'gaps.updated', owner: null, data: '{}' }]);
    expect(touched).toEqual(['bob']);
  });
});
