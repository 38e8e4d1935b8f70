import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fakeProcess, fakeSession, yieldToEventLoop } from '../../test/stream-fixture.js';
import type { StreamEvent } from './stream-event.js';

/**
 * A model of publishers that commit in any order, of Redis, which drops, repeats and reorders announcements, of a log that is
 * slow or not available, and of clients that connect to two API processes. In every schedule, each client gets the log, in its
 * order.
 */
interface Schedule {
  steps: Step[];
  /** Whether positions are drawn under a lock that is held until the commit, as in `accept-events.ts`. */
  isLocked: boolean;
}

const ACTIONS = {
  begin: 6,
  commit: 6,
  abort: 1,
  announce: 4,
  repeat: 1,
  drop: 1,
  connect: 3,
  disconnect: 1,
  reconnect: 2,
  slowDown: 1,
  fail: 1,
  recover: 2,
  catchUp: 1,
  yield: 6,
};
type Action = keyof typeof ACTIONS;

/** One action, and the object of it. */
interface Step {
  action: Action;
  /** The index of the transaction, announcement or client, or the slowness of the log. */
  index: number;
  /** The API process. */
  api: 0 | 1;
  /** The owner of a new client. */
  owner: string;
  /** The owners of the events that are written; null: for everyone. */
  eventOwners: (string | null)[];
}

const action = fc.oneof(...Object.entries(ACTIONS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Action) })));
const owner = fc.constantFrom('alice', 'bob');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    action,
    index: fc.nat({ max: 7 }),
    api: fc.constantFrom(0, 1),
    owner,
    eventOwners: fc.array(fc.option(owner), { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 120, size: 'max' },
);

/** A client, with the ids that it got over all its connections. */
interface Client {
  owner: string;
  /** The position at which its first stream began. */
  since: number;
  received: string[];
  connection: ReturnType<typeof fakeSession>;
}

/** Plays a schedule. Returns, for each client, the ids that it got and the ids that it should get. */
async function play({ steps, isLocked }: Schedule): Promise<{ got: string[]; expected: string[] }[]> {
  const log: StreamEvent[] = [];
  const transactions: StreamEvent[][] = [];
  const announcements: { to: 0 | 1; events: StreamEvent[] }[] = [];
  const clients: Client[] = [];
  let lastPosition = 0;
  const visible = ({ after, until = Infinity }: { after: number; until?: number }): StreamEvent[] =>
    log.filter(({ position }) => position > after && position <= until).sort((a, b) => a.position - b.position);
  const apis = [fakeProcess(visible), fakeProcess(visible)] as const;

  const pick = <Item>(list: Item[], index: number): Item | undefined => list[index % list.length];
  const remove = <Item>(list: Item[], index: number): Item | undefined => list.splice(index % Math.max(1, list.length), 1)[0];
  const connect = (client: Client, index: 0 | 1): void => {
    const process = apis[index];
    const last = client.received.at(-1);
    const position = last === undefined ? client.since : (log.find(({ id }) => id === last)?.position ?? 0);
    const connection = fakeSession({ owner: client.owner, position });
    client.connection = connection;
    // When catching up fails, the connection ends, as in the route.
    process.catchUp(connection.session).catch(() => {
      connection.session.isOpen = false;
    });
  };
  const disconnect = ({ received, connection }: Client): void => {
    connection.session.isOpen = false;
    received.push(...connection.got.splice(0));
    for (const { subscribers } of apis) subscribers.leave(connection.session);
  };

  const act: Record<Action, (step: Step) => unknown> = {
    begin({ eventOwners }) {
      if (isLocked && transactions.length > 0) return;
      transactions.push(
        eventOwners.map((owner) => ({
          position: (lastPosition += 1),
          id: `e${String(lastPosition)}`,
          type: 'a.b',
          version: 1,
          isPreview: false,
          owner,
          data: '{}',
        })),
      );
    },
    commit(step) {
      const events = remove(transactions, step.index);
      if (!events) return;
      log.push(...events);
      for (const to of [0, 1] as const) announcements.push({ to, events });
    },
    abort: (step) => remove(transactions, step.index),
    announce(step) {
      const announcement = remove(announcements, step.index);
      if (announcement) apis[announcement.to].hub.announce(announcement.events);
    },
    repeat(step) {
      const announcement = pick(announcements, step.index);
      if (announcement) apis[announcement.to].hub.announce(announcement.events);
    },
    drop: (step) => remove(announcements, step.index),
    connect(step) {
      const since = apis[step.api].hub.position;
      const client: Client = { owner: step.owner, since, received: [], connection: fakeSession({ owner: step.owner }) };
      clients.push(client);
      connect(client, step.api);
    },
    disconnect(step) {
      const client = pick(clients, step.index);
      if (client) disconnect(client);
    },
    reconnect(step) {
      const client = pick(clients, step.index);
      if (!client) return;
      disconnect(client);
      connect(client, step.api);
    },
    slowDown: (step) => apis[step.api].slowDown(step.index),
    fail: (step) => apis[step.api].setUnavailable(true),
    recover: (step) => apis[step.api].setUnavailable(false),
    catchUp: (step) => apis[step.api].hub.catchUp(),
    yield: () => yieldToEventLoop(1),
  };
  for (const step of steps) await act[step.action](step);

  // Everything recovers: transactions commit, the log is available, and disconnected clients reconnect.
  for (const events of transactions) log.push(...events);
  for (const process of apis) {
    process.setUnavailable(false);
    process.slowDown(1);
  }
  await yieldToEventLoop(10);
  await Promise.all(apis.map(({ hub }) => hub.catchUp()));
  for (const client of clients) {
    if (client.connection.session.isOpen) continue;
    disconnect(client);
    connect(client, 0);
  }
  await yieldToEventLoop(200);
  return clients.map(({ owner, since, received, connection }) => ({
    got: [...received, ...connection.got],
    expected: visible({ after: since })
      .filter((event) => event.owner === null || event.owner === owner)
      .map(({ id }) => id),
  }));
}

describe('every client gets the log, in its order, without missing or repeated events', () => {
  test('in every schedule of commits, rollbacks, late, repeated and lost announcements, and reconnecting clients', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        for (const { got, expected } of await play({ steps, isLocked: true })) expect(got).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  }, 300_000);

  test('only because of the lock: with positions drawn without it, some schedule loses an event', async () => {
    const loses = fc.asyncProperty(steps, async (steps) => {
      for (const { got, expected } of await play({ steps, isLocked: false })) expect(got).toEqual(expected);
    });
    const { errorInstance } = await fc.check(loses, { numRuns: 3000, endOnFailure: true });
    expect(String(errorInstance)).toContain('deep equality');
  }, 300_000);
});
