import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fakeProcess, fakeSession, yieldToEventLoop } from '../../test/stream-fixture.js';
import { positionAfterGap } from './position-after-gap.js';
import type { StreamEvent } from './stream-event.js';

/**
 * A model of a log that is put back at any time, of announcements that arrive late, repeatedly or never, and of clients that
 * connect to two API processes. While PostgreSQL is away, each process has one failed read, as with a read every second.
 * Announcements from before it arrive before it or never. A log never loses its first event: a server without any is a new installation.
 *
 * In every schedule each client gets every event that was committed after it connected and is still in the log.
 */
const ACTIONS = {
  commit: 8,
  announce: 8,
  repeat: 1,
  drop: 1,
  putBack: 1,
  connect: 2,
  reconnect: 3,
  slowDown: 1,
  catchUp: 1,
  yield: 6,
};
type Action = keyof typeof ACTIONS;

interface Step {
  action: Action;
  /** The index of the announcement or client, the slowness of the log, or the number of events that it loses. */
  index: number;
  api: 0 | 1;
  owner: string;
  eventOwners: (string | null)[];
}

const owner = fc.constantFrom('alice', 'bob');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    action: fc.oneof(...Object.entries(ACTIONS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Action) }))),
    index: fc.nat({ max: 7 }),
    api: fc.constantFrom(0, 1),
    owner,
    eventOwners: fc.array(fc.option(owner), { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 120, size: 'max' },
);

interface Client {
  owner: string;
  /** The number of events that were committed before it connected. */
  since: number;
  /** The id of its `stream.open`, null for the beginning of the log. */
  openId: string | null;
  received: string[];
  connection: ReturnType<typeof fakeSession>;
  /** Whether a stream of it began with all events of the log, because no process knew its last one. */
  isRepeated: boolean;
}

/** Plays a schedule, and returns its clients and the log at the end with the number of each commit. */
async function play(schedule: readonly Step[]) {
  const log: (StreamEvent & { number: number })[] = [];
  const announcements: { to: 0 | 1; events: StreamEvent[] }[] = [];
  const clients: Client[] = [];
  let committed = 0;
  const visible = ({ after, until = Infinity }: { after: number; until?: number }): StreamEvent[] =>
    log.filter(({ position }) => position > after && position <= until);
  const apis = [fakeProcess(visible), fakeProcess(visible)] as const;
  const isFor = (event: StreamEvent, client: Pick<Client, 'owner'>): boolean =>
    event.owner === null || event.owner === client.owner;

  const pick = <Item>(list: Item[], index: number): Item | undefined => list[index % list.length];
  const remove = <Item>(list: Item[], index: number): Item | undefined => list.splice(index % Math.max(1, list.length), 1)[0];
  /** Opens a stream as `openStream` does. */
  const open = async (client: Client, index: 0 | 1): Promise<void> => {
    const { hub, catchUp } = apis[index];
    const connection = (client.connection = fakeSession({ owner: client.owner }));
    const last = client.received.at(-1) ?? client.openId;
    let position: number;
    let restarts: number;
    let isGap: boolean;
    do {
      ({ restarts } = hub);
      const found = last === null ? 0 : log.find(({ id }) => id === last)?.position;
      isGap = found === undefined;
      position = found ?? (await positionAfterGap(String(last), client.owner, hub));
    } while (hub.restarts !== restarts);
    if (!connection.session.isOpen) return;
    if (isGap && position === 0) client.isRepeated = true;
    connection.session.position = position;
    await catchUp(connection.session);
  };
  const connect = (client: Client, index: 0 | 1): void => {
    const { connection } = client;
    connection.session.isOpen = false;
    client.received.push(...connection.got.splice(0));
    for (const { subscribers } of apis) subscribers.leave(connection.session);
    // When catching up fails, the connection ends, as in the route.
    void open(client, index).catch(() => {
      client.connection.session.isOpen = false;
    });
  };

  const act: Record<Action, (step: Step) => unknown> = {
    commit({ eventOwners }) {
      const events = eventOwners.map((owner) => {
        committed += 1;
        const position = (log.at(-1)?.position ?? 0) + 1;
        const event = {
          position,
          id: `e${String(position)}#${String(committed)}`,
          type: 'a.b',
          version: 1,
          isPreview: false,
          owner,
          data: '{}',
          number: committed,
        };
        log.push(event);
        return event;
      });
      for (const to of [0, 1] as const) announcements.push({ to, events });
    },
    announce({ index }) {
      const announcement = remove(announcements, index);
      if (announcement) apis[announcement.to].hub.announce(announcement.events);
    },
    repeat({ index }) {
      const announcement = pick(announcements, index);
      if (announcement) apis[announcement.to].hub.announce(announcement.events);
    },
    drop: ({ index }) => remove(announcements, index),
    async putBack({ index }) {
      for (const { setUnavailable } of apis) setUnavailable(true);
      await Promise.all(apis.map(({ hub }) => hub.catchUp()));
      announcements.length = 0;
      log.length = Math.max(Math.min(log.length, 1), log.length - index);
      for (const { setUnavailable } of apis) setUnavailable(false);
    },
    connect({ owner, api }) {
      const { position } = apis[api].hub;
      const openId = visible({ after: 0, until: position }).findLast((event) => isFor(event, { owner }))?.id ?? null;
      const connection = fakeSession({ owner, position });
      clients.push({ owner, since: committed, openId, received: [], connection, isRepeated: false });
      apis[api].catchUp(connection.session).catch(() => {
        connection.session.isOpen = false;
      });
    },
    reconnect({ index, api }) {
      const client = pick(clients, index);
      if (client) connect(client, api);
    },
    slowDown: ({ api, index }) => apis[api].slowDown(index),
    catchUp: ({ api }) => apis[api].hub.catchUp(),
    yield: () => yieldToEventLoop(1),
  };
  for (const step of schedule) await act[step.action](step);

  // Everything recovers: clients reconnect when their streams have ended.
  for (const { slowDown } of apis) slowDown(1);
  await yieldToEventLoop(20);
  await Promise.all(apis.map(({ hub }) => hub.catchUp()));
  for (const client of clients) if (!client.connection.session.isOpen) connect(client, 0);
  await yieldToEventLoop(100);
  return clients.map((client) => ({
    ...client,
    got: [...client.received, ...client.connection.got],
    owed: log.filter((event) => event.number > client.since && isFor(event, client)).map(({ id }) => id),
    log: log.map(({ id }) => id),
  }));
}

test('every client gets the events that the log keeps, in its order, and none twice unless no process knows its last event', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      for (const { got, owed, log, isRepeated } of await play(schedule)) {
        expect(owed.filter((id) => !got.includes(id))).toEqual([]);
        if (isRepeated) continue;
        const kept = got.filter((id) => log.includes(id));
        expect(kept).toEqual(log.filter((id) => kept.includes(id)));
      }
    }),
    { numRuns: 1000 },
  );
});
