import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fakeSession } from '../../test/stream-fixture.js';
import { createSubscribers } from './subscribers.js';
import { matches } from '@tidings/events';
import type { Frame } from './frame.js';
import type { StreamEvent } from './stream-event.js';

const TYPES = ['sync.completed', 'sync.failed', 'gaps.updated'];
const OWNERS = ['alice', 'bob', 'carol'];

const PATTERNS = [...TYPES, '*', 'sync.*', 'sync.completed@1', 'sync.completed@2', 'gaps.updated@2'];

const events = fc
  .array(
    fc.record({
      type: fc.constantFrom(...TYPES),
      version: fc.constantFrom(1, 2),
      isPreview: fc.boolean(),
      owner: fc.option(fc.constantFrom(...OWNERS, 'nobody')),
    }),
    { maxLength: 12 },
  )
  .map((list): StreamEvent[] =>
    list.map((event, index) => ({ ...event, position: index + 1, id: `e${String(index + 1)}`, data: '{}' })),
  );
const followers = fc.array(
  fc.record({
    owner: fc.constantFrom(...OWNERS),
    seesAll: fc.boolean(),
    types: fc.option(fc.subarray(PATTERNS).map((types) => new Set(types))),
    leaves: fc.boolean(),
  }),
);

/** Without patterns a stream has all events but the previews of versions. */
const isSelected = (event: StreamEvent, types: ReadonlySet<string> | null): boolean =>
  types === null ? !event.isPreview : [...types].some((pattern) => matches(pattern, event.type, event));

describe('subscribers', () => {
  test('each get exactly the events of their types that they may see, in order', () => {
    fc.assert(
      fc.property(followers, fc.array(events, { maxLength: 3 }), (followers, batches) => {
        const subscribers = createSubscribers();
        const sessions = followers.map(({ leaves, ...follower }) => ({ ...follower, leaves, ...fakeSession(follower) }));
        for (const { session } of sessions) subscribers.join(session);
        for (const { session, leaves } of sessions) if (leaves) subscribers.leave(session);
        for (const batch of batches) subscribers.send(batch);

        for (const { got, counts, owner, seesAll, types, leaves } of sessions) {
          const visible = batches
            .flat()
            .filter((event) => (seesAll || event.owner === null || event.owner === owner) && isSelected(event, types));
          expect(got).toEqual(leaves ? [] : visible.map(({ id }) => id));
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(got.length);
        }
      }),
    );
  });

  test('share one buffer for each event, and for events that are sent together', () => {
    const subscribers = createSubscribers();
    const frames: Frame[] = [];
    for (const [owner, types] of [
      ['alice', null],
      ['bob', null],
      ['bob', new Set(['a.b'])],
      ['carol', new Set(['a.b'])],
    ] as const) {
      subscribers.join(fakeSession({ owner, types, write: (frame) => void frames.push(frame) }).session);
    }
    const event = (position: number): StreamEvent => ({
      position,
      id: `e${String(position)}`,
      type: 'a.b',
      version: 1,
      isPreview: false,
      owner: null,
      data: '{}',
    });
    subscribers.send([event(1)]);
    expect(frames).toHaveLength(4);
    expect(new Set(frames).size).toBe(1);

    frames.length = 0;
    subscribers.send([event(2), event(3)]);
    // One write for each session; one buffer for all sessions with the same types.
    expect(frames).toHaveLength(4);
    expect(new Set(frames).size).toBe(2);
  });

  test('are visited only when they get an event', () => {
    const subscribers = createSubscribers();
    const touched: string[] = [];
    for (const owner of OWNERS) {
      const { session } = fakeSession({ owner, types: new Set(['sync.completed']) });
      subscribers.join(Object.defineProperty(session, 'write', { get: () => (touched.push(owner), () => undefined) }));
    }
    subscribers.send([{ position: 1, id: 'e1', type: 'sync.completed', version: 1, isPreview: false, owner: 'bob', data: '{}' }]);
    subscribers.send([{ position: 2, id: 'e2', type: 'gaps.updated', version: 1, isPreview: false, owner: null, data: '{}' }]);
    expect(touched).toEqual(['bob']);
  });
});
