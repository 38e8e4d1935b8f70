import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { temporaryFolder } from '@tidings/local';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { runTidings } from './harness/command-line.js';
import { makeService, type OutsideService } from './harness/outside-service.js';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

/** The types of a platform whose owners are organisations. */
const EVENTS = `
import { createCatalog, defineEvent } from '@tidings/events/define';
import { z } from 'zod';

const owned = { audience: 'owner', ownerField: 'org_id' } as const;
export const projectCreated = defineEvent({
  ...owned,
  type: 'project.created',
  description: 'A project was created.',
  schema: z.strictObject({ org_id: z.string(), name: z.string() }),
  example: { org_id: 'acme', name: 'Kiel' },
});
export const seatAdded = defineEvent({
  ...owned,
  type: 'seat.added',
  description: 'A seat was added.',
  schema: z.strictObject({ org_id: z.string(), seats: z.int().min(1) }),
  example: { org_id: 'acme', seats: 3 },
});
export const quotaReached = defineEvent({
  ...owned,
  type: 'quota.reached',
  description: 'A quota was reached.',
  schema: z.strictObject({ org_id: z.string(), quota: z.enum(['storage', 'requests']) }),
  example: { org_id: 'acme', quota: 'storage' },
});
export const catalog = createCatalog([projectCreated, seatAdded, quotaReached]);
`;

/** Each publisher infers the types of the catalog: the lines below @ts-expect-error would not compile. */
const SERVICE = `
import pg from 'pg';
import { createHttpPublisher } from '@tidings/events/http';
import { createOutbox, outboxTable } from '@tidings/events/outbox';
import { createPublisher } from '@tidings/events/queue';
import { catalog, projectCreated, quotaReached, seatAdded } from './events.js';

const { TIDINGS_URL: url = '', TIDINGS_TOKEN: token = '', REDIS_URL: redis = '', REDIS_PREFIX: prefix = '', DATABASE_URL } = process.env;
const org_id = 'acme';

const http = createHttpPublisher({ url, token, catalog });
await http.publish(projectCreated({ org_id, name: 'Kiel' }, { id: 'over-http' }));

const queue = createPublisher({ redis, prefix, catalog });
await queue.publish({ type: 'seat.added', data: { org_id, seats: 3 }, id: 'over-the-queue' });
await queue.publish(seatAdded({ org_id: 'umbrella', seats: 1 }, { id: 'of-umbrella' }));
await queue.close();

const client = new pg.Client({ connectionString: DATABASE_URL });
await client.connect();
await client.query(outboxTable());
const outbox = createOutbox({ catalog });
await outbox.publish(client, quotaReached({ org_id, quota: 'storage' }, { id: 'over-the-outbox' }));
await client.end();

export const wrong = () => [
  // @ts-expect-error another type
  http.publish({ type: 'project.deleted', data: { org_id, name: 'Kiel' } }),
  // @ts-expect-error the owner field of another platform
  queue.publish({ type: 'seat.added', data: { user_id: 'acme', seats: 3 } }),
  // @ts-expect-error another value
  outbox.publish(client, quotaReached({ org_id, quota: 'money' })),
];
`;

const { folder, remove } = temporaryFolder();
let database: TestDatabase;
let tidings: Tidings;
let service: OutsideService;
let acme: User;
beforeAll(async () => {
  database = await createTestDatabase('empty');
  service = makeService(folder, { 'events.ts': EVENTS, 'service.ts': SERVICE });
  tidings = await startTidings({ workers: 2, env: { OUTBOX_DATABASE_URLS: database.url } });
  acme = tidings.asUser('acme');
});
afterAll(async () => {
  await tidings.stop();
  await database.drop();
  remove();
});

describe('a system that runs, with the types of a new installation', () => {
  test('has those of a module once it is pushed, and a service outside this repository publishes them, typed, every way', async () => {
    const before = await acme.call('POST', '/api/webhooks', { url: 'https://example.com/hook', event_types: ['project.*'] });
    expect(before.status).toBe(400);

    const ci = { url: tidings.url, token: tidings.token('ci', 'event-types:write'), folder: service.folder };
    const push = await runTidings(ci, 'types', 'push', './events.js');
    expect([push.code, push.stderr]).toEqual([0, '']);
    expect(push.stdout.trim().split('\n').sort()).toEqual([
      'created project.created version 1',
      'created quota.reached version 1',
      'created seat.added version 1',
    ]);

    const receiver = await startReceiver();
    const webhook = await acme.register(receiver, { event_types: ['project.*', 'seat.added', 'quota.reached'] });
    const listenTo = ['project.created', 'seat.added', 'quota.reached'];
    const stream = await acme.follow({ listenTo });
    const ofOthers = await tidings.asUser('umbrella').follow({ listenTo });
    await service.run('service.js', {
      TIDINGS_URL: tidings.url,
      TIDINGS_TOKEN: tidings.token('service', 'events:publish'),
      REDIS_URL: tidings.redis.url,
      REDIS_PREFIX: tidings.redis.prefix,
      DATABASE_URL: database.url,
    });

    const arrivals = await receiver.waitFor(3);
    const bodies = arrivals.map(({ id, body, headers }) => ({
      id,
      version: headers['webhook-event-version'],
      body: new Webhook(webhook.secret).verify(body, headers),
    }));
    expect(bodies.sort((one, other) => one.id.localeCompare(other.id))).toMatchObject([
      { id: 'over-http', version: '1', body: { type: 'project.created', data: { org_id: 'acme', name: 'Kiel' } } },
      { id: 'over-the-outbox', version: '1', body: { type: 'quota.reached', data: { org_id: 'acme', quota: 'storage' } } },
      { id: 'over-the-queue', version: '1', body: { type: 'seat.added', data: { org_id: 'acme', seats: 3 } } },
    ]);
    expect((await stream.waitFor(3)).map(({ id }) => id).sort()).toEqual(bodies.map(({ id }) => id));
    await ofOthers.waitFor(1);
    expect(ofOthers.ids()).toEqual(['of-umbrella']);
  });

  test('finds a second push of the module unchanged', async () => {
    const ci = { url: tidings.url, token: tidings.token('ci', 'event-types:write'), folder: service.folder };
    expect((await runTidings(ci, 'types', 'push', './events.js')).stdout.match(/^unchanged/gm)).toHaveLength(3);
    expect((await runTidings(ci, 'types', 'diff', './events.js', '--exact')).code).toBe(0);
  });
});
