import { describe, expect, test } from '@jest/globals';
import { fakeProcess, fakeSession, yieldToEventLoop } from '../../test/stream-fixture.js';
import { positionAfterGap } from './position-after-gap.js';
import type { StreamEvent } from './stream-event.js';

/** Creates a log that the test writes, an API process that reads it, and clients that record the ids they get. */
function createFixture() {
  const log: StreamEvent[] = [];
  const api = fakeProcess(({ after, until = Infinity }) =>
    log.filter((event) => event.position > after && event.position <= until),
  );
  let generation = '';
  let skipped = 0;
  const commit = (owner: string | null = null, data = '{}'): StreamEvent => {
    const position = log.length + 1 + skipped;
    const event = { position, id: `e${String(position)}${generation}`, type: 'a.b', version: 1, isPreview: false, owner, data };
    log.push(event);
    return event;
  };
  /** Takes the last events from the log. The positions of the next events begin again, or further on. */
  const putBack = (lost: number, { skip = 0 } = {}) => {
    log.splice(-lost);
    skipped += skip;
    generation += "'";
  };
  /** Lets the oldest events go, as the end of a period does. */
  const drop = (count: number) => {
    skipped += count;
    log.splice(0, count);
  };
  const client = async (owner: string, position = api.hub.position) => {
    const { session, got } = fakeSession({ owner, position });
    await api.catchUp(session);
    return got;
  };
  /** Opens streams until the test ends; each new one resumes after the last event of the one before. */
  const follow = async (owner: string) => {
    const received: string[] = [];
    let gaps = 0;
    let position = api.hub.position;
    let connection = fakeSession({ owner, position });
    await api.catchUp(connection.session);
    const reconnect = async () => {
      received.push(...connection.got);
      const last = received.at(-1);
      const found = log.find(({ id }) => id === last)?.position;
      if (last !== undefined && found === undefined) gaps += 1;
      position = found ?? (last === undefined ? position : await positionAfterGap(last, owner, api.hub));
      connection = fakeSession({ owner, position });
      await api.catchUp(connection.session);
    };
    return {
      isOpen: () => connection.session.isOpen,
      got: () => [...received, ...connection.got],
      gaps: () => gaps,
      reconnect,
    };
  };
  return { ...api, commit, putBack, drop, client, follow };
}

describe('the hub', () => {
  test('sends an announced event to the sessions that may see it, without reading the log', async () => {
    const { hub, commit, client, reads } = createFixture();
    const [alice, bob] = [await client('alice'), await client('bob')];
    hub.announce([commit('alice'), commit(null)]);
    await yieldToEventLoop(1);
    expect(alice).toEqual(['e1', 'e2']);
    expect(bob).toEqual(['e2']);
    expect(reads()).toBe(0);
  });

  test('reads late and missing announcements from the log, and sends nothing twice', async () => {
    const { hub, commit, client } = createFixture();
    const alice = await client('alice');
    const [first, second, third] = [commit(), commit(), commit()];
    hub.announce([third]);
    await hub.catchUp();
    hub.announce([first]);
    hub.announce([second, third]);
    await yieldToEventLoop(1);
    expect(alice).toEqual(['e1', 'e2', 'e3']);
  });

  test('sends a reconnected client the events that it missed, then live events', async () => {
    const { hub, commit, client } = createFixture();
    hub.announce([commit(), commit('bob'), commit()]);
    await yieldToEventLoop(1);
    const alice = client('alice', 1);
    hub.announce([commit()]);
    const got = await alice;
    hub.announce([commit()]);
    await yieldToEventLoop(1);
    expect(got).toEqual(['e3', 'e4', 'e5']);
  });

  test('catches up first when a client has events that the hub does not have yet', async () => {
    const { commit, client, setUnavailable } = createFixture();
    for (let count = 0; count < 3; count += 1) commit();
    expect(await client('alice', 2)).toEqual(['e3']);
    setUnavailable(true);
    commit();
    commit();
    await expect(client('alice', 5)).rejects.toThrow('behind the position of the client');
  });

  test('reads once more when catching up is requested during a read, which may have missed the newest events', async () => {
    const { hub, commit, client, slowDown } = createFixture();
    const alice = await client('alice');
    slowDown(3);
    const first = hub.catchUp();
    commit();
    await hub.catchUp();
    await first;
    expect(alice).toEqual(['e1']);
  });

  test('sends a burst in batches, so that sockets can take one before the next', async () => {
    const { hub, commit, client } = createFixture();
    const alice = await client('alice');
    const large = JSON.stringify('x'.repeat(40_000));
    hub.announce([commit(null, large), commit(null, large), commit(null, large)]);
    await yieldToEventLoop(1);
    expect(alice).toEqual(['e1']);
    await yieldToEventLoop(2);
    expect(alice).toEqual(['e1', 'e2', 'e3']);
  });

  test('reads from the log the events that exceed its queue', async () => {
    const { hub, commit, client, reads } = createFixture();
    const alice = await client('alice');
    const huge = JSON.stringify('x'.repeat(9 * 1024 * 1024));
    hub.announce([commit(null, huge), commit(null, huge), commit()]);
    expect(reads()).toBe(1);
    await hub.catchUp();
    expect(alice).toEqual(['e1', 'e2', 'e3']);
  });
});

describe('a log that was put back', () => {
  /** A process and a client that have e1 to e5, before the log loses e4 and e5. */
  const createStory = async () => {
    const fixture = createFixture();
    const alice = await fixture.follow('alice');
    fixture.hub.announce(Array.from({ length: 5 }, () => fixture.commit()));
    await yieldToEventLoop(1);
    expect(alice.got()).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
    return { ...fixture, alice };
  };

  test('is found by the next read, which ends the sessions; they resume behind the last event that both have', async () => {
    const { hub, commit, putBack, alice } = await createStory();
    putBack(2);
    commit();
    await hub.catchUp();
    expect(alice.isOpen()).toBe(false);
    expect(hub.restarts).toBe(1);
    await alice.reconnect();
    hub.announce([commit()]);
    await yieldToEventLoop(1);
    expect(alice.got().slice(5)).toEqual(["e4'", "e5'"]);
    expect(alice.gaps()).toBe(1);
  });

  test('is found when it ends before the last event of the hub', async () => {
    const { hub, putBack, alice } = await createStory();
    putBack(2);
    await hub.catchUp();
    expect(alice.isOpen()).toBe(false);
  });

  test('is found when the next positions are beyond those that were lost', async () => {
    const { hub, commit, putBack, alice } = await createStory();
    putBack(2, { skip: 32 });
    hub.announce([commit()]);
    await hub.catchUp();
    expect(alice.isOpen()).toBe(false);
    await alice.reconnect();
    expect(alice.got().slice(5)).toEqual(["e36'"]);
  });

  test('is found by an announcement, before a later one carries the hub over the positions that were given again', async () => {
    const { hub, commit, putBack, alice } = await createStory();
    putBack(2);
    hub.announce([commit(), commit()]);
    hub.announce([commit()]);
    hub.announce([commit()]);
    await yieldToEventLoop(10);
    expect(alice.isOpen()).toBe(false);
    expect(alice.got()).toHaveLength(5);
    await alice.reconnect();
    expect(alice.got().slice(5)).toEqual(["e4'", "e5'", "e6'", "e7'"]);
  });

  test.each(['a failed read', 'a lost subscription'])(
    'is found after %s, although only an announcement behind the lost positions arrives',
    async (what) => {
      const { hub, commit, putBack, setUnavailable, alice } = await createStory();
      if (what === 'a failed read') {
        setUnavailable(true);
        await hub.catchUp();
        setUnavailable(false);
      } else hub.distrustAnnouncements();
      putBack(2);
      commit();
      commit();
      hub.announce([commit()]);
      await yieldToEventLoop(10);
      expect(alice.isOpen()).toBe(false);
      await alice.reconnect();
      expect(alice.got().slice(5)).toEqual(["e4'", "e5'", "e6'"]);
    },
  );

  test('is found by the position in doubt, although the last event of the hub is in the log again', async () => {
    const { hub, commit, putBack, alice } = await createStory();
    putBack(2);
    const first = commit();
    commit().id = 'e5';
    hub.announce([first]);
    await yieldToEventLoop(10);
    expect(alice.isOpen()).toBe(false);
  });

  test('is found when a client names a lost event before the hub has read the log', async () => {
    const { commit, putBack, alice } = await createStory();
    putBack(2);
    commit();
    await alice.reconnect();
    expect(alice.got().slice(5)).toEqual(["e4'"]);
  });

  test('is read again when the first read of its end fails', async () => {
    const { hub, commit, putBack, slowDown, setUnavailable, alice } = await createStory();
    putBack(2);
    commit();
    slowDown(3);
    const caughtUp = hub.catchUp();
    setUnavailable(true);
    await caughtUp;
    expect(alice.isOpen()).toBe(true);
    setUnavailable(false);
    hub.announce([commit(), commit()]);
    await hub.catchUp();
    expect(alice.isOpen()).toBe(false);
    await alice.reconnect();
    expect(alice.got().slice(5)).toEqual(["e4'", "e5'", "e6'"]);
  });

  test('ends a session that catches up, too', async () => {
    const { hub, commit, putBack, slowDown, catchUp } = await createStory();
    const { session, got } = fakeSession({ owner: 'bob', position: 1 });
    slowDown(20);
    const caughtUp = catchUp(session);
    slowDown(1);
    putBack(2);
    commit();
    await hub.catchUp();
    await caughtUp;
    expect(session.isOpen).toBe(false);
    expect(got).toEqual([]);
    hub.announce([commit()]);
    await yieldToEventLoop(1);
    expect(got).toEqual([]);
  });

  test('gives a client all events when its lost event is not its own, or was never sent here (I7)', async () => {
    const { hub, commit, putBack } = await createStory();
    hub.announce([commit('bob')]);
    await yieldToEventLoop(1);
    putBack(2);
    commit();
    await hub.catchUp();
    expect(await positionAfterGap('e6', 'bob', hub)).toBe(4);
    expect(await positionAfterGap('e6', null, hub)).toBe(4);
    expect(await positionAfterGap('e6', 'alice', hub)).toBe(0);
    expect(await positionAfterGap('unknown', null, hub)).toBe(0);
  });

  test('is not a log whose oldest period was dropped, with the last event of the hub or without it', async () => {
    const { hub, commit, drop, alice } = await createStory();
    drop(3);
    await hub.catchUp();
    drop(2);
    await hub.catchUp();
    hub.announce([commit()]);
    await yieldToEventLoop(1);
    commit();
    await hub.catchUp();
    expect(alice.isOpen()).toBe(true);
    expect(alice.got().slice(5)).toEqual(['e6', 'e7']);
  });

  test('is not a log of which more events are announced during a read than the hub remembers', async () => {
    const { hub, commit, slowDown, alice } = await createStory();
    slowDown(3);
    commit();
    const caughtUp = hub.catchUp();
    hub.announce([
      { position: 6, id: 'e6', type: 'a.b', version: 1, isPreview: false, owner: null, data: '{}' },
      ...Array.from({ length: 6000 }, () => commit()),
    ]);
    await caughtUp;
    expect(hub.restarts).toBe(0);
    expect(alice.got()).toHaveLength(6006);
  });

  test('is not a log of which an old announcement arrives late', async () => {
    const { hub, commit, putBack, alice } = await createStory();
    putBack(2);
    const fresh = [commit(), commit()];
    await hub.catchUp();
    await alice.reconnect();
    hub.announce([{ ...fresh[0], id: 'e4' } as StreamEvent]);
    await hub.catchUp();
    hub.announce([commit()]);
    await yieldToEventLoop(1);
    expect(hub.restarts).toBe(1);
    expect(alice.got().slice(5)).toEqual(["e4'", "e5'", "e6'"]);
  });

  test('is found when a lost event is announced during the read that returns another one with its position', async () => {
    const { hub, commit, putBack, slowDown, alice } = await createStory();
    putBack(2);
    await hub.catchUp();
    await alice.reconnect();
    slowDown(3);
    commit();
    commit();
    const caughtUp = hub.catchUp();
    hub.announce([{ position: 4, id: 'late', type: 'a.b', version: 1, isPreview: false, owner: null, data: '{}' }]);
    await caughtUp;
    expect(hub.restarts).toBe(2);
    await alice.reconnect();
    expect(alice.got().slice(5)).toEqual(['late', "e4'", "e5'"]);
  });

  test('is found before a session that catches up continues with a page of it', async () => {
    const { hub, commit, putBack, setUnavailable, catchUp } = await createStory();
    hub.announce([commit(), commit(), commit()]);
    await yieldToEventLoop(1);
    const { session, got } = fakeSession({ owner: 'bob', position: 0 });
    let resume = (): void => undefined;
    session.drained = () => (got.length === 4 ? new Promise<void>((resolve) => (resume = resolve)) : undefined);
    const caughtUp = catchUp(session);
    await yieldToEventLoop(5);
    setUnavailable(true);
    await hub.catchUp();
    setUnavailable(false);
    putBack(5);
    for (let count = 0; count < 5; count += 1) commit();
    resume();
    await caughtUp;
    expect(session.isOpen).toBe(false);
    expect(got).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
  });

  test('with a lost event that is announced after the new beginning is found again', async () => {
    const { hub, commit, putBack, alice } = await createStory();
    putBack(2);
    await hub.catchUp();
    await alice.reconnect();
    hub.announce([{ position: 4, id: 'late', type: 'a.b', version: 1, isPreview: false, owner: null, data: '{}' }]);
    await yieldToEventLoop(1);
    hub.announce([commit()]);
    await yieldToEventLoop(10);
    expect(hub.restarts).toBe(2);
    await alice.reconnect();
    expect(alice.got().slice(5)).toEqual(['late', "e4'"]);
  });
});
