import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { followStream, forEveryone, publishTo, syncOf } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ stream: { heartbeatMs: 100 } });
});
afterAll(() => api.stop());

const follow = (owner: string, options: { query?: string; lastEventId?: string; token?: string; scope?: string } = {}) =>
  followStream(api, { owner, ...options });
const publish = async (event: object) => (await publishTo(api, event))[0] as string;
const sync = syncOf;
const everyone = forEveryone();

describe('the stream', () => {
  test('begins with headers that stop proxies from buffering it, its position and a retry hint', async () => {
    const { response, received, waitFor } = await follow('alice');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    await waitFor(() => {
      expect(received.text).toMatch(/^id: .+\nretry: \d+\n\n/);
    });
  });

  test('begins with its position, from which a client resumes that loses its connection before the first event', async () => {
    await publish(sync('grace'));
    for (const owner of ['nobody-yet', 'grace']) {
      const first = await follow(owner, { query: 'types=sync.*' });
      await first.waitFor(() => {
        expect(first.openId()).toBeDefined();
      });
      expect(first.received.text).toContain('\nevent: stream.open\ndata: {"heartbeat_ms":100}\n\n');
      first.close();
      const missed = await publish(sync(owner));
      const again = await follow(owner, { query: 'types=sync.*', lastEventId: String(first.openId()) });
      await again.waitFor(() => {
        expect(again.ids()).toEqual([missed]);
      });
    }
  });

  test('begins at the oldest event after @start', async () => {
    const id = await publish(sync('henry'));
    const henry = await follow('henry', { query: 'types=sync.*&last_event_id=%40start' });
    await henry.waitFor(() => {
      expect(henry.ids()).toEqual([id]);
    });
    expect(henry.received.text).not.toContain('stream.gap');
  });

  test("shows an owner's events to that owner only, and events for everyone to all", async () => {
    const [alice, bob] = [await follow('alice'), await follow('bob')];
    const ids = await publishTo(api, sync('alice'), everyone);
    await alice.waitFor(() => {
      expect(alice.ids()).toEqual(ids);
    });
    await bob.waitFor(() => {
      expect(bob.ids()).toEqual(ids.slice(1));
    });
    expect(alice.received.text).toContain(
      `id: ${String(ids[0])}\nevent: sync.completed\ndata: {"user_id":"alice","items_synced":1,"errors":0,"duration_s":1}\n\n`,
    );
  });

  test('is narrowed by ?types=', async () => {
    const alice = await follow('alice', { query: 'types=extraction.*' });
    await publish(sync('alice'));
    const id = await publish(everyone);
    await alice.waitFor(() => {
      expect(alice.ids()).toEqual([id]);
    });
  });

  test.each(['header', 'query', 'query, with an empty header'] as const)(
    'resumes after the last event that the client has (%s)',
    async (where) => {
      const ids = [
        await publish(sync('alice')),
        await publish(sync('bob')),
        await publish(everyone),
        await publish(sync('alice')),
      ];
      const last = String(ids[0]);
      const alice = await follow(
        'alice',
        where === 'header'
          ? { lastEventId: last }
          : { query: `last_event_id=${last}`, ...(where === 'query' ? {} : { lastEventId: '' }) },
      );
      ids.push(await publish(sync('alice')));
      await alice.waitFor(() => {
        expect(alice.ids()).toEqual([ids[2], ids[3], ids[4]]);
      });
    },
  );

  test.each([
    ['?lastEventId=, as event-source-polyfill sends it', { query: 'lastEventId=FIRST' }],
    ['?lastEventId= before ?last_event_id=', { query: 'last_event_id=LATER&lastEventId=FIRST' }],
    ['the header before both', { query: 'last_event_id=LATER&lastEventId=LATER', lastEventId: 'FIRST' }],
    ['an empty header and an empty ?lastEventId=', { query: 'lastEventId=&last_event_id=FIRST', lastEventId: '' }],
    ['a parameter against caches', { query: 'last_event_id=FIRST&_=1764460000000&r=123' }],
  ])('resumes by %s', async (_what, { query, lastEventId }: { query: string; lastEventId?: string }) => {
    const ids = [await publish(sync('lea')), await publish(sync('lea')), await publish(sync('lea'))];
    const fill = (text: string) => text.replaceAll('FIRST', String(ids[0])).replaceAll('LATER', String(ids[1]));
    const lea = await follow('lea', {
      query: fill(query),
      ...(lastEventId === undefined ? {} : { lastEventId: fill(lastEventId) }),
    });
    await lea.waitFor(() => {
      expect(lea.ids()).toEqual(ids.slice(1));
    });
  });

  test('begins with new events when every last event id is empty', async () => {
    // A stream begins where this process has read the log to, which may be before an event that was just published.
    const witness = await follow('lia');
    const earlier = await publish(sync('lia'));
    await witness.waitFor(() => {
      expect(witness.ids()).toEqual([earlier]);
    });
    const lia = await follow('lia', { query: 'lastEventId=&last_event_id=', lastEventId: '' });
    const id = await publish(sync('lia'));
    await lia.waitFor(() => {
      expect(lia.ids()).toEqual([id]);
    });
    expect(lia.received.text).not.toContain('stream.gap');
  });

  test('sends a gap when the log does not have the last event, and then all events of the log', async () => {
    const id = await publish(sync('dora'));
    const dora = await follow('dora', { lastEventId: 'evt_gone' });
    await dora.waitFor(() => {
      expect(dora.ids()).toContain(id);
    });
    const [oldest] = dora.ids();
    expect(dora.received.text).toContain(
      `event: stream.gap\ndata: {"last_event_id":"evt_gone","oldest_event_id":"${String(oldest)}"}\n\nid: ${String(oldest)}\n`,
    );
  });

  test('sends a gap after an event that is older than the retention', async () => {
    const [first, second, third] = await publishTo(api, sync('gwen'), sync('gwen'), sync('gwen'));
    await api.database.pool.query('DELETE FROM events WHERE id = ANY($1)', [[first, second]]);
    const gwen = await follow('gwen', { lastEventId: String(first), query: 'types=sync.*' });
    await gwen.waitFor(() => {
      expect(gwen.ids()).toEqual([third]);
    });
    expect(gwen.received.text).toContain(`{"last_event_id":"${String(first)}","oldest_event_id":"${String(third)}"}`);
  });

  test('names the oldest event of the requested types in a gap, or null', async () => {
    const id = await publish(sync('erin'));
    const erin = await follow('erin', { lastEventId: 'evt_gone', query: 'types=sync.*' });
    const frank = await follow('frank', { lastEventId: 'evt_gone', query: 'types=sync.*' });
    await erin.waitFor(() => {
      expect(erin.received.text).toContain(`"oldest_event_id":"${id}"`);
      expect(frank.received.text).toContain('"oldest_event_id":null');
    });
  });

  test.each([
    ['that no event can have', 'a b'],
    ['with a NUL', '\0'],
    ['that is not ASCII', 'ä🎵'],
  ])('sends a gap after an id %s, instead of an error, after which EventSource would not reconnect', async (_what, id) => {
    const alice = await follow('alice', { query: `last_event_id=${encodeURIComponent(id)}` });
    await alice.waitFor(() => {
      expect(alice.received.text).toContain(`event: stream.gap\ndata: {"last_event_id":${JSON.stringify(id)},`);
    });
  });

  test('reads a Last-Event-ID as UTF-8, as browsers send it', async () => {
    const alice = await follow('alice', { lastEventId: Buffer.from('ä🎵').toString('latin1') });
    await alice.waitFor(() => {
      expect(alice.received.text).toContain('{"last_event_id":"ä🎵",');
    });
  });

  test("answers another owner's event like an unknown one", async () => {
    const id = await publish(sync('bob'));
    const alice = await follow('alice', { lastEventId: id });
    await alice.waitFor(() => {
      expect(alice.received.text).toContain('event: stream.gap');
    });
  });

  test("shows all owners' events with audience=all, which needs the scope admin", async () => {
    const admin = await follow('admin', { query: 'audience=all', scope: 'admin' });
    const ids = [await publish(sync('alice')), await publish(sync('bob')), await publish(everyone)];
    // A stream begins where this process has read the log to.
    await admin.waitFor(() => {
      expect(admin.ids()).toEqual(ids);
    });
    const late = await follow('admin', { query: 'audience=all', scope: 'admin', lastEventId: ids[0] as string });
    const own = await follow('admin', { scope: 'admin' });
    ids.push(await publish(sync('bob')), await publish(everyone));
    await admin.waitFor(() => {
      expect(admin.ids()).toEqual(ids);
      expect(late.ids()).toEqual(ids.slice(1));
      expect(own.ids()).toEqual(ids.slice(-1));
    });
    const alice = await follow('alice', { query: 'audience=all', scope: 'events:publish' });
    expect(alice.response.status).toBe(403);
    await alice.waitFor(() => {
      expect(alice.received.text).toContain('The token lacks the scope \\"admin\\".');
    });
  });

  test('sends heartbeats while nothing happens', async () => {
    const { received, waitFor } = await follow('alice');
    await waitFor(() => {
      expect(received.text.split(': heartbeat\n\n').length).toBeGreaterThan(2);
    });
  });

  // A client that could connect for a few seconds more, and only to be ended at once, would reconnect all that time.
  test('ends when its token is no longer accepted: at its `exp` plus the clock tolerance', async () => {
    const token = api.token('alice', { expiresIn: -2 });
    const { received, ids, waitFor } = await follow('alice', { token });
    const id = await publish(sync('alice'));
    await waitFor(() => {
      expect(ids()).toEqual([id]);
    });
    await waitFor(() => {
      expect(received.ended).toBe(true);
    });
    expect(received.text).toMatch(/event: stream\.end\ndata: \{"reason":"token_expired"\}\n\nretry: \d+\n\n$/);
    expect((await follow('alice', { token })).response.status).toBe(401);
  });

  test('has metrics of open streams, sent events, catching up, announcements, gaps and ends', async () => {
    const [first, second] = await publishTo(api, sync('ivy'), sync('ivy'));
    const value = async (name: string) =>
      Number(
        (await api.metrics())
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1] ?? 0,
      );
    const names = ['connections', 'events_sent_total', 'catch_up_events_sum', 'gaps_total'];
    const read = () => Promise.all(names.map((name) => value(`tidings_stream_${name}`)));
    const left = () => value('tidings_stream_ended_total{reason="client_left"}');
    // The streams of other tests close soon.
    await eventually(async () => {
      expect(await value('tidings_stream_connections')).toBe(0);
    });
    const [before, leftBefore] = [await read(), await left()];
    const resumed = await follow('ivy', { lastEventId: String(first), query: 'types=sync.*' });
    const lost = await follow('ivy', { lastEventId: 'evt_gone', query: 'types=sync.failed' });
    await resumed.waitFor(() => {
      expect(resumed.ids()).toEqual([second]);
      expect(lost.received.text).toContain('stream.gap');
    });
    const third = await publish(sync('ivy'));
    await resumed.waitFor(() => {
      expect(resumed.ids()).toEqual([second, third]);
    });
    // Two streams, two events of which one came from catching up, and a gap.
    expect((await read()).map((now, index) => now - Number(before[index]))).toEqual([2, 2, 1, 1]);
    // Sometimes the log is read before the announcement arrives, but not always.
    expect(await value('tidings_stream_announcement_lag_seconds_count')).toBeGreaterThan(0);
    resumed.close();
    await eventually(async () => {
      expect((await left()) - leftBefore).toBeGreaterThan(0);
    });
  });

  test.each(['types=sync.nothing', 'audience=everybody', 'nope=1'])('is refused with ?%s', async (query) => {
    const { response } = await follow('alice', { query });
    expect(response.status).toBe(400);
  });
});
