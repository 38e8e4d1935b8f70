import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { followStream, forEveryone, publishTo, syncOf } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const publish = (count: number, owner?: string) =>
  publishTo(api, ...Array.from({ length: count }, () => (owner === undefined ? forEveryone() : syncOf(owner))));

/** Takes the newest events from the log, and lets their positions be given again, as after a failover to a replica without them. */
async function putBack(count: number, { skip = 0 } = {}): Promise<void> {
  await api.database.pool.query(
    `WITH lost AS (DELETE FROM events WHERE position IN (SELECT position FROM events ORDER BY position DESC LIMIT $1) RETURNING position)
     SELECT setval('events_position_seq', (SELECT min(position) FROM lost) + $2, $2 > 0)`,
    [count, skip],
  );
}

/** Follows the stream over connections, as EventSource does: it resumes after its last event. */
async function follow(owner: string, query = '') {
  let lastEventId: string | undefined;
  const texts: string[] = [];
  let stream = await followStream(api, { owner, query });
  await stream.waitFor(() => {
    expect(stream.openId()).toBeDefined();
  });
  const ids = () =>
    [...[...texts, stream.received.text].join('').matchAll(/^id: (.+)\nevent: (?!stream\.)/gm)].map(([, id]) => String(id));
  return {
    ids,
    text: () => [...texts, stream.received.text].join(''),
    waitForIds: (expected: readonly string[]) =>
      eventually(() => {
        expect(ids()).toEqual(expected);
      }),
    async reconnectAfterEnd() {
      await eventually(() => {
        expect(stream.received.ended).toBe(true);
      });
      expect(stream.received.text).toContain('event: stream.end\ndata: {"reason":"log_put_back"}\n\n');
      lastEventId = ids().at(-1) ?? stream.openId();
      texts.push(stream.received.text);
      stream = await followStream(api, { owner, query, lastEventId: String(lastEventId) });
    },
  };
}

let before: string[];
beforeEach(async () => {
  // Its announcement has arrived when a stream has it, so none is late.
  const stream = await follow('nobody');
  before = await publish(3);
  await stream.waitForIds(before);
});

describe('a live stream, after the log lost its newest events,', () => {
  test.each([
    ['fewer new events than lost ones', 5, 3, {}],
    ['as many', 3, 3, {}],
    ['more', 3, 8, {}],
    ['new positions behind those that were lost', 3, 2, { skip: 32 }],
  ])('gets every event that is accepted afterwards, once: %s', async (_what, lost, count, options) => {
    const alice = await follow('alice');
    const ids = await publish(lost);
    await alice.waitForIds(ids);
    await putBack(lost, options);
    // Immediately, so that announcements arrive before the next read of the log.
    const fresh = [...(await publish(count - 1)), ...(await publish(1))];
    await alice.reconnectAfterEnd();
    fresh.push(...(await publish(2)));
    await alice.waitForIds([...ids, ...fresh]);
    expect(alice.text().split('event: stream.gap\n')).toHaveLength(2);
    expect(alice.text()).toContain(
      `event: stream.gap\ndata: {"last_event_id":"${String(ids.at(-1))}","oldest_event_id":"${String(fresh[0])}"}\n\nid: ${String(fresh[0])}\n`,
    );
  });

  test('resumes without a gap when its own last event is still in the log', async () => {
    const bob = await follow('bob', 'types=sync.*');
    const own = await publish(1, 'bob');
    await bob.waitForIds(own);
    const watcher = await follow('alice', 'types=sync.*');
    const lost = await publish(2, 'alice');
    await watcher.waitForIds(lost);
    await putBack(2);
    const fresh = await publish(3, 'bob');
    await bob.reconnectAfterEnd();
    await bob.waitForIds([...own, ...fresh]);
    expect(bob.text()).not.toContain('stream.gap');
  });

  test('gets an event again that was lost and published again with its id', async () => {
    const alice = await follow('alice');
    const event = { ...syncOf('alice'), id: `again-${String(Date.now())}` };
    const ids = await publishTo(api, event);
    await alice.waitForIds(ids);
    await putBack(1);
    const [other] = await publish(1);
    expect(await publishTo(api, event)).toEqual(ids);
    await alice.reconnectAfterEnd();
    await alice.waitForIds([...ids, String(other), ...ids]);
  });

  test('is one of the ended streams that the metrics count', async () => {
    const value = async (name: string) =>
      Number(
        (await api.metrics())
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1] ?? 0,
      );
    const read = () =>
      Promise.all(['tidings_stream_put_backs_total', 'tidings_stream_ended_total{reason="log_put_back"}'].map(value));
    const alice = await follow('alice');
    await alice.waitForIds([]);
    const [putBacks = 0, ended = 0] = await read();
    await putBack(1);
    await alice.reconnectAfterEnd();
    const [putBacksAfter, endedAfter] = await read();
    expect(putBacksAfter).toBe(putBacks + 1);
    expect(endedAfter).toBeGreaterThan(ended);
    expect(api.logged()).toContain('The event log was put back');
  });
});

test('a live stream continues when the oldest events are dropped, with its last event among them', async () => {
  const alice = await follow('alice');
  const ids = await publish(2);
  await alice.waitForIds(ids);
  await api.database.pool.query('DELETE FROM events');
  const reads = async () =>
    Number(/tidings_periodic_task_rounds_total{[^}]*catch-up[^}]*} (\d+)/.exec(await api.metrics())?.[1] ?? 0);
  const readsBefore = await reads();
  await eventually(async () => {
    expect(await reads()).toBeGreaterThan(readsBefore);
  });
  const fresh = await publish(2);
  await alice.waitForIds([...ids, ...fresh]);
  expect(alice.text()).not.toContain('stream.end');
});
