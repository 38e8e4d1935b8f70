import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../harness/receiver.js';
import { completed, failed, type World } from './world.js';

/** What was sent, and sending it again. */
export function deliveries(world: World): void {
  test('shows what was sent and why it failed; one is attempted again, and many are replayed after they were counted', async () => {
    const carl = world.tidings.asUser('carl');
    let status = 500;
    const receiver = await startReceiver(() => status);
    const webhook = await carl.register(receiver);
    await world.service.publish([failed('carl', 'one'), failed('carl', 'two'), completed('carl')]);
    await carl.waitForDeliveries(webhook, 3);
    const { page, press, read, see: find } = await world.openAs(carl);
    await read('Failing');
    await press(receiver.url, 'link');
    await find('link', 'sync.completed');
    await page.getByRole('combobox', { name: 'Event type' }).click();
    await page.getByRole('option', { name: 'sync.failed' }).click();
    await page.getByRole('link', { name: 'sync.completed' }).waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Arrived' }).click();
    await read('No delivery is like this');
    await press('Clear');
    await press('sync.completed', 'link');
    await read('It answered, but not with a 2xx.');
    expect(await page.getByRole('region', { name: 'The body of each request' }).innerText()).toContain('"items_synced": 1204');
    expect(await page.getByRole('region', { name: 'The response to attempt 2' }).innerText()).toBe('thanks');

    status = 200;
    await press('Attempt it now');
    await read('HTTP 200');
    await read('Arrived');
    await press('← Webhook', 'link');
    await press('More …');
    await press('Replay deliveries …', 'menuitem');
    await press('Count first');
    await read('2 deliveries would be sent again');
    expect(receiver.arrivals).toHaveLength(3 * 2 + 1);
    await press('Send 2 deliveries again');
    await receiver.waitFor(3 * 2 + 3);
    await eventually(async () => {
      expect((await carl.deliveryLog(webhook)).map((delivery) => delivery.status)).toEqual(Array(3).fill('succeeded'));
    });
  }, 60_000);
}
