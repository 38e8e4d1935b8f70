import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { extractionStarted, gapsUpdated, syncFailed } from '@tidings/events';
import { startProcess, type LocalProcess } from '@tidings/local';
import { streamUrl } from './harness/stream.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

let tidings: Tidings;
let service: User;
beforeAll(async () => {
  tidings = await startTidings();
  service = tidings.asUser('service', 'events:publish');
});
afterAll(() => tidings.stop());

const gap = (user: string, entityId = '45') => gapsUpdated({ user_id: user, entity_type: 'artist', entity_id: entityId });

describe('an EventSource', () => {
  test('receives events when they are published, in the order of the log', async () => {
    const alice = tidings.asUser('alice');
    const stream = await alice.follow();
    const first = await service.publish(gap('alice'));
    expect(await stream.waitFor(1)).toEqual([{ id: first, type: 'gaps.updated', data: gap('alice').data }]);

    // Concurrent events, over HTTP and over Redis.
    await Promise.all([
      ...Array.from({ length: 20 }, () => service.publish(gap('alice'))),
      ...Array.from({ length: 20 }, () => tidings.publisher.publish(gap('alice'))),
    ]);
    await stream.waitFor(41);
    expect(stream.ids()).toEqual(await alice.eventLog());
  });

  test('receives only the types of `?types=`', async () => {
    const stream = await tidings.asUser('bob').follow({ types: 'sync.*' });
    const [, , failed] = await service.publish([
      gap('bob'),
      extractionStarted({ version: '1', entity_types: [] }),
      syncFailed({ user_id: 'bob', error_message: '' }),
    ]);
    await stream.waitFor(1);
    expect(stream.ids()).toEqual([failed]);
  });

  test('reconnects after a restart of the API, and receives exactly the missed events', async () => {
    const carol = tidings.asUser('carol');
    const stream = await carol.follow();
    const first = await service.publish(gap('carol'));
    await stream.waitFor(1);

    // The worker accepts events while no API is running.
    const publish = (count: number) => Promise.all(Array.from({ length: count }, () => tidings.publisher.publish(gap('carol'))));
    const [exitCode] = await Promise.all([tidings.api.stop('SIGTERM'), publish(20)]);
    expect(exitCode).toBe(0);
    await stream.disconnected();
    await publish(20);
    await Promise.all([tidings.startApi({ PORT: new URL(tidings.url).port }), publish(20)]);
    const last = await service.publish(gap('carol'));

    await stream.waitFor(62);
    const log = await carol.eventLog();
    expect(stream.ids()).toEqual(log.slice(log.indexOf(first)));
    expect(stream.ids()).toHaveLength(62);
    expect(stream.ids().at(-1)).toBe(last);
    // It sent its last event id with each reconnection.
    expect(stream.resumedAfter.length).toBeGreaterThan(1);
    expect(stream.ids()).toEqual(expect.arrayContaining(stream.resumedAfter.slice(1)));
  });
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;
(hasCurl ? describe : describe.skip)('plain curl -N', () => {
  const curl = (user: User, lastEventId?: string) => {
    const headers = [
      `Authorization: Bearer ${user.token}`,
      ...(lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`]),
    ];
    const process = startProcess('curl', ['-N', '-s', ...headers.flatMap((header) => ['-H', header]), streamUrl(tidings.url)]);
    curls.push(process);
    return { ...process, ids: () => [...process.output().matchAll(/^id: (.+)\nevent: (?!stream\.)/gm)].map(([, id]) => id) };
  };
  const curls: LocalProcess[] = [];
  afterEach(() => Promise.all(curls.splice(0).map((process) => process.stop())));

  test('prints each event when it is published', async () => {
    const dora = tidings.asUser('dora');
    const stream = curl(dora);
    await stream.waitFor('retry: ');
    const id = await service.publish(gap('dora'));
    await stream.waitFor(`id: ${id}\nevent: gaps.updated\ndata: ${JSON.stringify(gap('dora').data)}\n\n`);
    expect(stream.ids()).toEqual([id]);
  });

  test('resumes after a Last-Event-ID with exactly the missed events in order, and then new ones', async () => {
    const erin = tidings.asUser('erin');
    // More than one page of the log, mixed with events of another owner.
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const page = Array.from({ length: 100 }, () => [gap('erin'), gap('frank')]).flat();
      ids.push(...(await service.publish(page)).filter((_id, index) => index % 2 === 0));
    }
    const stream = curl(erin, ids[49]);
    await stream.waitFor(`id: ${String(ids.at(-1))}\nevent: gaps.updated\n`);
    ids.push(await service.publish(gap('erin')));
    await stream.waitFor(`id: ${String(ids.at(-1))}\nevent: gaps.updated\n`);
    expect(stream.ids()).toEqual(ids.slice(50));
  });
});
