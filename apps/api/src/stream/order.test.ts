import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fakeProcess, fakeSession, turns } from '../../test/stream-fixture.js';
import type { StreamEvent } from './stream-event.js';

/**
 * Publishers that commit in whatever order, Redis that drops, repeats and mixes announcements, a log that is slow or
 * away, clients that come and go between two API processes: whatever they do, each client gets the log, in its order.
 */
interface Schedule {
  steps: Step[];
  /** Whether a position is drawn under the lock that is held until the commit, as `accept-events.ts` does. */
  locked: boolean;
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
  slow: 1,
  away: 1,
  back: 2,
  look: 1,
  turn: 6,
};
type Action = keyof typeof ACTIONS;

/** What is done, and to which of those that there are. */
interface Step {
  action: Action;
  which: number;
  api: 0 | 1;
  user: string;
  /** Whose events are written: null is everyone's. */
  users: (string | null)[];
}

const action = fc.oneof(...Object.entries(ACTIONS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Action) })));
const user = fc.constantFrom('alice', 'bob');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    action,
    which: fc.nat({ max: 7 }),
    api: fc.constantFrom(0, 1),
    user,
    users: fc.array(fc.option(user), { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 120, size: 'max' },
);

/** A client that remembers what it got, over all its connections. */
interface Client {
  owner: string;
  /** It has seen everything up to here by what it was told when it began. */
  since: number;
  received: string[];
  connection: ReturnType<typeof fakeSession>;
}

/** Plays a schedule, and returns what each client got beside what it should have got. */
async function play({ steps, locked }: Schedule): Promise<{ got: string[]; expected: string[] }[]> {
  const log: StreamEvent[] = [];
  const transactions: StreamEvent[][] = [];
  const announcements: { to: 0 | 1; events: StreamEvent[] }[] = [];
  const clients: Client[] = [];
  let drawn = 0;
  const visible = ({ after, until = Infinity }: { after: number; until?: number }): StreamEvent[] =>
    log.filter(({ position }) => position > after && position <= until).sort((one, other) => one.position - other.position);
  const apis = [fakeProcess(visible), fakeProcess(visible)] as const;

  const one = <Item>(list: Item[], index: number): Item | undefined => list[index % list.length];
  const take = <Item>(list: Item[], index: number): Item | undefined => list.splice(index % Math.max(1, list.length), 1)[0];
  const connect = (client: Client, index: 0 | 1): void => {
    const process = apis[index];
    const last = client.received.at(-1);
    const position = last === undefined ? client.since : (log.find(({ id }) => id === last)?.position ?? 0);
    const connection = fakeSession({ owner: client.owner, position });
    client.connection = connection;
    // A replay that fails ends the connection, as the route does.
    process.replay(connection.session).catch(() => {
      connection.session.open = false;
    });
  };
  const disconnect = ({ received, connection }: Client): void => {
    connection.session.open = false;
    received.push(...connection.got.splice(0));
    for (const { audience } of apis) audience.leave(connection.session);
  };

  const act: Record<Action, (step: Step) => unknown> = {
    begin({ users }) {
      if (locked && transactions.length > 0) return;
      transactions.push(
        users.map((owner) => ({ position: (drawn += 1), id: `e${String(drawn)}`, type: 'a.b', owner, data: '{}' })),
      );
    },
    commit(step) {
      const events = take(transactions, step.which);
      if (!events) return;
      log.push(...events);
      for (const to of [0, 1] as const) announcements.push({ to, events });
    },
    abort: (step) => take(transactions, step.which),
    announce(step) {
      const announcement = take(announcements, step.which);
      if (announcement) apis[announcement.to].hub.announce(announcement.events);
    },
    repeat(step) {
      const announcement = one(announcements, step.which);
      if (announcement) apis[announcement.to].hub.announce(announcement.events);
    },
    drop: (step) => take(announcements, step.which),
    connect(step) {
      const since = apis[step.api].hub.position;
      const client: Client = { owner: step.user, since, received: [], connection: fakeSession({ owner: step.user }) };
      clients.push(client);
      connect(client, step.api);
    },
    disconnect(step) {
      const client = one(clients, step.which);
      if (client) disconnect(client);
    },
    reconnect(step) {
      const client = one(clients, step.which);
      if (!client) return;
      disconnect(client);
      connect(client, step.api);
    },
    slow: (step) => apis[step.api].slowDown(step.which),
    away: (step) => apis[step.api].setAway(true),
    back: (step) => apis[step.api].setAway(false),
    look: (step) => apis[step.api].hub.catchUp(),
    turn: () => turns(1),
  };
  for (const step of steps) await act[step.action](step);

  // Everything is healed: transactions end, and whoever lost its connection comes back.
  for (const events of transactions) log.push(...events);
  for (const process of apis) {
    process.setAway(false);
    process.slowDown(1);
  }
  await turns(10);
  await Promise.all(apis.map(({ hub }) => hub.catchUp()));
  for (const client of clients) {
    if (client.connection.session.open) continue;
    disconnect(client);
    connect(client, 0);
  }
  await turns(200);
  return clients.map(({ owner, since, received, connection }) => ({
    got: [...received, ...connection.got],
    expected: visible({ after: since })
      .filter((event) => event.owner === null || event.owner === owner)
      .map(({ id }) => id),
  }));
}

describe('every client gets the log, in its order, nothing missed and nothing twice', () => {
  test('whatever is committed, aborted, announced late, twice or never, and whenever clients come, go and come elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        for (const { got, expected } of await play({ steps, locked: true })) expect(got).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('which needs the lock: with positions that are drawn without it, a schedule is found that loses an event', async () => {
    const loses = fc.asyncProperty(steps, async (steps) => {
      for (const { got, expected } of await play({ steps, locked: false })) expect(got).toEqual(expected);
    });
    const { errorInstance } = await fc.check(loses, { numRuns: 3000, endOnFailure: true });
    expect(String(errorInstance)).toContain('deep equality');
  });
});
