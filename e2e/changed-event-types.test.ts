import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTidings } from './harness/command-line.js';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { typeBody } from './harness/type-body.js';
import { createUser, type User } from './harness/user.js';

let tidings: Tidings;
let ci: User;
/** A publisher at each of the two API processes. */
let publishers: [User, User];
beforeAll(async () => {
  tidings = await startTidings({ workers: 2 });
  const other = await tidings.startApi();
  ci = tidings.asUser('ci', 'event-types:write');
  const token = tidings.token('service', 'events:publish');
  publishers = [createUser(tidings.url, token), createUser(other.url, token)];
});
afterAll(() => tidings.stop());

const PUBLISHERS_OF_AN_API = 4;

test('a compatible change that is pushed under load is live at once, and no event is refused wrongly', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
  /** Pushes the type with more optional fields: y1, y2, …. */
  const push = async (fields: number) => {
    const names = ['x', ...Array.from({ length: fields }, (_, index) => `y${String(index + 1)}`)];
    writeFileSync(file, JSON.stringify({ type: 'load.measured', ...typeBody(names, { required: ['x'] }) }));
    return runTidings({ url: tidings.url, token: ci.token }, 'types', 'push', file);
  };
  expect((await push(0)).code).toBe(0);

  /** The fields of the last push that was answered: each publisher uses the newest one at once. */
  let live = 0;
  let isPushing = true;
  const answers: number[] = [];
  const publish = async (publisher: User) => {
    while (isPushing) {
      const data = { x: 1, ...(live > 0 && { [`y${String(live)}`]: 1 }) };
      answers.push((await publisher.call('POST', '/api/events', { type: 'load.measured', data })).status);
    }
  };
  const load = publishers.flatMap((publisher) => Array.from({ length: PUBLISHERS_OF_AN_API }, () => publish(publisher)));
  for (let fields = 1; fields <= 5; fields += 1) {
    expect((await push(fields)).stdout).toContain('changed load.measured');
    live = fields;
  }
  isPushing = false;
  await Promise.all(load);
  expect(answers.length).toBeGreaterThan(100);
  expect(answers.filter((status) => status !== 202)).toEqual([]);
});

describe('a second version of a type', () => {
  const url = '/api/event-types/report.finished';
  const second = { ...typeBody(['pages'], { required: ['pages'] }), version: 2 };
  const [one, two] = [{ rows: 1 }, { pages: 1 }];

  test('reaches only those who name it until it becomes the default one, and then everybody', async () => {
    expect((await ci.call('PUT', url, typeBody(['rows'], { required: ['rows'] }))).status).toBe(201);
    expect((await ci.call('PUT', url, second)).status).toBe(201);
    const alice = tidings.asUser('alice');
    const [all, named] = [await startReceiver(), await startReceiver()];
    await alice.register(all, { event_types: ['report.*'] });
    await alice.register(named, { event_types: ['report.finished@2'] });
    const stream = await alice.follow({ types: 'report.*', listenTo: ['report.finished'] });
    const preview = await alice.follow({ types: 'report.finished@2', listenTo: ['report.finished'] });

    const [here, there] = publishers;
    const publish = (publisher: User, id: string, data: object, version?: number) =>
      publisher.call('POST', '/api/events', { type: 'report.finished', id, data, version });
    expect((await publish(there, 'preview', two, 2)).status).toBe(202);
    expect((await publish(here, 'first', one)).status).toBe(202);
    expect((await publish(here, 'refused', two)).status).toBe(400);
    await named.waitFor(1);
    await all.waitFor(1);

    expect((await ci.call('PUT', url, { ...second, default: true })).body).toMatchObject({ default_version: 2 });
    expect((await publish(there, 'second', two)).status).toBe(202);
    expect((await publish(there, 'refused', one)).status).toBe(400);
    expect((await publish(here, 'still-first', one, 1)).status).toBe(202);

    const received = async (receiver: typeof all, count: number) =>
      (await receiver.waitFor(count)).map(({ id, headers }) => `${id} ${headers['webhook-event-version'] ?? ''}`).sort();
    expect(await received(all, 3)).toEqual(['first 1', 'second 2', 'still-first 1']);
    expect(await received(named, 2)).toEqual(['preview 2', 'second 2']);
    await stream.waitFor(3);
    expect(stream.ids()).toEqual(['first', 'second', 'still-first']);
    await preview.waitFor(2);
    expect(preview.ids()).toEqual(['preview', 'second']);
  });
});
