import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractionStarted, gapsUpdated, syncFailed } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings();
});
afterAll(() => tidings.stop());

test('delivers and streams events of an owner to that owner only, and events for everyone to all owners', async () => {
  const service = tidings.asUser('service', 'events:publish');
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map(async (name) => {
      const user = tidings.asUser(name);
      const receiver = await startReceiver();
      return { ...user, receiver, webhook: await user.register(receiver), stream: await user.follow() };
    }),
  );
  if (!alice || !bob || !carol) throw new Error('Three users were expected.');

  const [forAlice, forBob, forAll] = (await service.publish([
    gapsUpdated({ user_id: 'alice', entity_type: 'artist', entity_id: '45' }),
    syncFailed({ user_id: 'bob', error_message: 'Names alice, but is about bob.' }),
    extractionStarted({ version: '1', entity_types: ['artists'] }),
  ])) as [string, string, string];

  for (const [user, ids] of [
    [alice, [forAlice, forAll]],
    [bob, [forBob, forAll]],
    [carol, [forAll]],
  ] as const) {
    // The stream has the order of the log, and the event for everyone is the last: any other event would be before it.
    await user.stream.waitFor(ids.length);
    expect(user.stream.ids()).toEqual(ids);
    expect(await user.eventLog()).toEqual(ids);
    // Deliveries are committed with their event, so the delivery log already has all of them.
    const deliveries = await user.waitForDeliveries(user.webhook, ids.length);
    expect(deliveries.map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
    expect(user.receiver.counts()).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
  }
});

test('delivers and streams only the selected event types', async () => {
  const service = tidings.asUser('service', 'events:publish');
  const dora = tidings.asUser('dora');
  const receiver = await startReceiver();
  const webhook = await dora.register(receiver, { event_types: ['sync.*', 'extraction.started'] });
  const stream = await dora.follow({ types: 'sync.*,extraction.started' });
  const [, failed, started] = await service.publish([
    gapsUpdated({ user_id: 'dora', entity_type: 'artist', entity_id: '45' }),
    syncFailed({ user_id: 'dora', error_message: '' }),
    extractionStarted({ version: '1', entity_types: [] }),
  ]);
  await stream.waitFor(2);
  expect(stream.ids()).toEqual([failed, started]);
  const deliveries = await dora.waitForDeliveries(webhook, 2);
  expect(deliveries.map(({ event_id }) => event_id).sort()).toEqual([failed, started].sort());
});
