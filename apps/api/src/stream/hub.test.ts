import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHub, type Hub, type StreamEvent } from './hub.js';
import { replay } from './replay.js';
import type { Session } from './session.js';

const hubs: Hub[] = [];
afterEach(() => {
  for (const hub of hubs.splice(0)) hub.stop();
});

/** A log that is written by the test, a hub on it, and clients that note what they get. */
function world() {
  const log: StreamEvent[] = [];
  let reads = 0;
  const read = (after: number, limit: number) => log.filter(({ position }) => position > after).slice(0, limit);
  const hub = createHub({
    readEvents: ({ after, limit }) => {
      reads += 1;
      return Promise.resolve(read(after, limit));
    },
    heartbeatMs: 3_600_000,
    log: { warn: () => undefined },
  });
  hub.start(0);
  hubs.push(hub);
  const commit = (userId: string | null = null, gap = 0): StreamEvent => {
    const position = (log.at(-1)?.position ?? 0) + 1 + gap;
    const event = { position, id: `e${String(position)}`, type: 'a.b', userId, data: '{}' };
    log.push(event);
    return event;
  };
  const client = (userId: string, position = hub.position) => {
    const got: string[] = [];
    const session: Session = {
      userId,
      position,
      live: false,
      types: null,
      tokenId: undefined,
      expiresAt: Infinity,
      closed: false,
      write: (bytes) => void got.push(/id: (e\d+)/.exec(bytes.toString())?.[1] ?? ''),
      drained: () => Promise.resolve(),
      end: () => undefined,
    };
    hub.join(session);
    const readPage = (_session: Session, limit: number) =>
      Promise.resolve(
        log.filter((event) => event.position > session.position && (event.userId ?? userId) === userId).slice(0, limit),
      );
    return { got, session, ready: replay(session, { hub, readPage }) };
  };
  const visible = (userId: string) => log.filter((event) => (event.userId ?? userId) === userId).map(({ id }) => id);
  return { hub, log, commit, client, visible, reads: () => reads };
}

describe('the hub', () => {
  test('writes an announced event to those who may see it, without asking the log', async () => {
    const { hub, commit, client, reads } = world();
    const [alice, bob] = [client('alice'), client('bob')];
    await Promise.all([alice.ready, bob.ready]);
    hub.announce([commit('alice'), commit(null)]);
    expect(alice.got).toEqual(['e1', 'e2']);
    expect(bob.got).toEqual(['e2']);
    expect(reads()).toBe(0);
  });

  test('reads from the log what was announced too late or never, and writes nothing twice', async () => {
    const { hub, commit, client } = world();
    const alice = client('alice');
    await alice.ready;
    const [first, second, third] = [commit(), commit(), commit()];
    hub.announce([third]);
    await hub.catchUp();
    hub.announce([first]);
    hub.announce([second, third]);
    expect(alice.got).toEqual(['e1', 'e2', 'e3']);
  });

  test('gives a client that comes back what it missed, then what happens', async () => {
    const { hub, commit, client } = world();
    hub.announce([commit(), commit('bob'), commit()]);
    const alice = client('alice', 1);
    hub.announce([commit()]);
    await alice.ready;
    hub.announce([commit()]);
    expect(alice.got).toEqual(['e3', 'e4', 'e5']);
  });

  test('loses nothing and repeats nothing, whatever is dropped, repeated or late, and whenever clients come', async () => {
    const step = fc.record({
      do: fc.constantFrom('commit', 'commit', 'announce', 'repeat', 'drop', 'connect', 'turn'),
      user: fc.constantFrom('alice', 'bob', null),
      gap: fc.constantFrom(0, 0, 0, 2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { hub, commit, client, visible } = world();
        const waiting: StreamEvent[] = [];
        const clients: ReturnType<typeof client>[] = [client('alice', 0), client('bob', 0)];
        for (const { do: action, user, gap } of steps) {
          if (action === 'commit') waiting.push(commit(user, gap));
          else if (action === 'announce') hub.announce(waiting.splice(0, 2).reverse());
          else if (action === 'repeat') hub.announce(waiting.slice(0, 1));
          else if (action === 'drop') waiting.shift();
          else if (action === 'connect') clients.push(client(user ?? 'alice', 0));
          else await new Promise((resolve) => setImmediate(resolve));
        }
        await hub.catchUp();
        await Promise.all(clients.map(({ ready }) => ready));
        await hub.catchUp();
        for (const { got, session } of clients) expect(got).toEqual(visible(session.userId));
      }),
      { numRuns: 500 },
    );
  });
});
