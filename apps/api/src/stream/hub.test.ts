import { describe, expect, test } from '@jest/globals';
import { fakeProcess, fakeSession, turns } from '../../test/stream-fixture.js';
import type { StreamEvent } from './stream-event.js';

/** A log that is written by the test, an API process on it, and clients that note what they get. */
function world() {
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
    await api.replay(session);
    return got;
  };
  return { ...api, commit, client };
}

describe('the hub', () => {
  test('writes an announced event to those who may see it, without asking the log', async () => {
    const { hub, commit, client, reads } = world();
    const [alice, bob] = [await client('alice'), await client('bob')];
    hub.announce([commit('alice'), commit(null)]);
    await turns(1);
    expect(alice).toEqual(['e1', 'e2']);
    expect(bob).toEqual(['e2']);
    expect(reads()).toBe(0);
  });

  test('reads from the log what was announced too late or never, and writes nothing twice', async () => {
    const { hub, commit, client } = world();
    const alice = await client('alice');
    const [first, second, third] = [commit(), commit(), commit()];
    hub.announce([third]);
    await hub.catchUp();
    hub.announce([first]);
    hub.announce([second, third]);
    await turns(1);
    expect(alice).toEqual(['e1', 'e2', 'e3']);
  });

  test('gives a client that comes back what it missed, then what happens', async () => {
    const { hub, commit, client } = world();
    hub.announce([commit(), commit('bob'), commit()]);
    await turns(1);
    const alice = client('alice', 1);
    hub.announce([commit()]);
    const got = await alice;
    hub.announce([commit()]);
    await turns(1);
    expect(got).toEqual(['e3', 'e4', 'e5']);
  });

  test('catches up first when a client has more than it has itself', async () => {
    const { commit, client, setAway } = world();
    for (let count = 0; count < 3; count += 1) commit();
    expect(await client('alice', 2)).toEqual(['e3']);
    setAway(true);
    commit();
    commit();
    await expect(client('alice', 5)).rejects.toThrow('behind what its client has');
  });

  test('reads once more when a doubt arises during a read, which may no longer see what it is about', async () => {
    const { hub, commit, client, slowDown } = world();
    const alice = await client('alice');
    slowDown(3);
    const first = hub.catchUp();
    commit();
    await hub.catchUp();
    await first;
    expect(alice).toEqual(['e1']);
  });

  test('sends a burst in portions, so that sockets may take one before the next', async () => {
    const { hub, commit, client } = world();
    const alice = await client('alice');
    const large = JSON.stringify('x'.repeat(40_000));
    hub.announce([commit(null, large), commit(null, large), commit(null, large)]);
    await turns(1);
    expect(alice).toEqual(['e1']);
    await turns(2);
    expect(alice).toEqual(['e1', 'e2', 'e3']);
  });

  test('reads from the log what it cannot hold while it is sent', async () => {
    const { hub, commit, client, reads } = world();
    const alice = await client('alice');
    const huge = JSON.stringify('x'.repeat(9 * 1024 * 1024));
    hub.announce([commit(null, huge), commit(null, huge), commit()]);
    expect(reads()).toBe(1);
    await hub.catchUp();
    expect(alice).toEqual(['e1', 'e2', 'e3']);
  });
});
