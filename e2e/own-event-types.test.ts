import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { createMachineKeys } from '@tidings/config';
import { createHttpPublisher, createOutbox, createPublisher, outboxTable } from '@tidings/events';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { catalog, invoicePaid, memberInvited } from './harness/own-events.mjs';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

/** The service of a platform with types of its own, whose owners are organisations. */
let service: TestDatabase;
let tidings: Tidings;
let acme: User;
beforeAll(async () => {
  service = await createTestDatabase('empty');
  tidings = await startTidings({
    env: {
      EVENT_TYPES: fileURLToPath(new URL('harness/own-events.mjs', import.meta.url)),
      OUTBOX_DATABASE_URLS: service.url,
    },
  });
  acme = tidings.asUser('acme');
});
afterAll(async () => {
  await tidings.stop();
  await service.drop();
});

const data = { org_id: 'acme', amount: 12.5 };

describe('an installation with a module of event types', () => {
  test('delivers and streams them to the organisation that they name, whichever way they come', async () => {
    const receiver = await startReceiver();
    const webhook = await acme.register(receiver, { event_types: ['invoice.*'] });
    const ofOthers = await tidings.asUser('umbrella').follow({ listenTo: catalog.types });
    const stream = await acme.follow({ types: 'invoice.paid', listenTo: catalog.types });

    const token = tidings.token('service', 'events:publish');
    await createHttpPublisher({ url: tidings.url, token, catalog }).publish({ type: 'invoice.paid', data, id: 'over-http' });
    const queue = createPublisher({ redis: tidings.redis.url, prefix: tidings.redis.prefix, catalog });
    await queue.publish(invoicePaid(data, { id: 'over-the-queue' }));
    await queue.publish(memberInvited({ org_id: 'umbrella', email: 'a@example.com' }, { id: 'of-umbrella' }));
    await queue.close();
    const client = await service.connect();
    await client.query(outboxTable());
    await createOutbox({ catalog }).publish(client, invoicePaid(data, { id: 'over-the-outbox' }));
    await client.end();

    const ids = ['over-http', 'over-the-outbox', 'over-the-queue'];
    const arrivals = await receiver.waitFor(3);
    expect(arrivals.map(({ id }) => id).sort()).toEqual(ids);
    for (const { body, headers } of arrivals) {
      expect(new Webhook(webhook.secret).verify(body, headers)).toMatchObject({ type: 'invoice.paid', data });
    }
    expect((await stream.waitFor(3)).map(({ id }) => id).sort()).toEqual(ids);
    await ofOthers.waitFor(1);
    expect(ofOthers.ids()).toEqual(['of-umbrella']);
  });

  test('has no other types: neither to publish nor to register for', async () => {
    const { body } = await acme.call('GET', '/api/event-types');
    expect(
      (body['data'] as { type: string; owner_field: string | null }[]).map(({ type, owner_field }) => [type, owner_field]),
    ).toEqual([
      ['invoice.paid', 'org_id'],
      ['member.invited', 'org_id'],
      ['plan.changed', null],
    ]);
    const publisher = tidings.asUser('service', 'events:publish');
    const shipped = { type: 'sync.failed', data: { user_id: 'acme', error_message: '' } };
    expect(await publisher.call('POST', '/api/events', shipped)).toMatchObject({ status: 400 });
    const webhook = { url: 'https://example.com/hook', event_types: ['sync.*'] };
    expect(await acme.call('POST', '/api/webhooks', webhook)).toMatchObject({ status: 400 });
  });

  test.each(['/openapi.json', '/asyncapi.json'])('describes them, and no others, in %s', async (path) => {
    const document = await (await fetch(`${tidings.url}${path}`)).text();
    for (const type of catalog.types) expect(document).toContain(type);
    expect(document).not.toMatch(/sync\.(completed|failed|\*)|gaps\.updated|extraction\./);
  });
});

test.each(['api', 'worker'])('a module that cannot be used ends the %s with a line that says why, and no stack trace', (app) => {
  const main = fileURLToPath(new URL(`../apps/${app}/dist/main.js`, import.meta.url));
  const servers = { DATABASE_URL: 'postgresql://127.0.0.1/none', REDIS_URL: 'redis://127.0.0.1' };
  const env = { ...process.env, ...servers, ...createMachineKeys(), EVENT_TYPES: './no-such-events.mjs' };
  const { status, stderr } = spawnSync(process.execPath, [main], { env, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^The configuration has mistakes:\n {2}- EVENT_TYPES \.\/no-such-events\.mjs cannot be used: Cannot find module .*\n$/,
  );
});
