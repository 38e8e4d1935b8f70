import { describe, expect, test } from '@jest/globals';
import { fakeProcess, fakeSession, yieldToEventLoop } from '../../test/stream-fixture.js';
import type { StreamEvent } from './stream-event.js';

/** Creates a log that the test writes, an API process that reads it, and clients that record the ids they get. */
function createFixture() {
  const log: StreamEvent[] = [];
  const api = fakeProcess(({ after, until = Infinity }) =>
    log.filter((event) => event.position > after && event.position <= until),
  );
  const commit = (owner: string | null = null, data = '{}'): StreamEvent => {
    const position = log.length + 1;
    const event = { position, id: `e${String(position)}`, type: 'a.b', owner, data };
    log.push(event);
    return event;
  };
  const client = async (owner: string, position = api.hub.position) => {
    const { session, got } = fakeSession({ owner, position });
    await api.catchUp(session);
    return got;
  };
  return { ...api, commit, client };
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
