import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../harness/receiver.js';
import { completed, failed, type DashboardFixture } from './fixture.js';

/** The delivery log, retries and replays. */
export function deliveryTests(fixture: DashboardFixture): void {
  test('shows the request and the error of a delivery, retries one and replays many after counting them', async () => {
    const carl = fixture.tidings.asUser('carl');
    let status = 500;
    const receiver = await startReceiver(() => status);
    const webhook = await carl.register(receiver);
    await fixture.service.publish([failed('carl', 'one'), failed('carl', 'two'), completed('carl')]);
    await carl.waitForDeliveries(webhook, 3);
    const { page, click, waitForText, find } = await fixture.openAs(carl);
    await waitForText('Failing');
    await click(receiver.url, 'link');
    await find('link', 'sync.completed');
    await page.getByRole('combobox', { name: 'Event type' }).click();
    await page.getByRole('option', { name: 'sync.failed' }).click();
    await page.getByRole('link', { name: 'sync.completed' }).waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Succeeded' }).click();
    await waitForText('No matching deliveries');
    await click('Clear filters');
    await click('sync.completed', 'link');
    await waitForText('The receiver did not respond with a 2xx status.');
    expect(await page.getByRole('region', { name: 'Request body' }).innerText()).toContain('"items_synced": 1204');
    expect(await page.getByRole('region', { name: 'Response to attempt 2' }).innerText()).toBe('thanks');

    status = 200;
    await click('Retry now');
    await waitForText('HTTP 200');
    await waitForText('Succeeded');
    await click('← Webhook', 'link');
    await click('More …');
    await click('Replay deliveries …', 'menuitem');
    await click('Count deliveries');
    await waitForText('2 deliveries match');
    expect(receiver.arrivals).toHaveLength(3 * 2 + 1);
    await click('Replay 2 deliveries');
    await receiver.waitFor(3 * 2 + 3);
    await eventually(async () => {
      expect((await carl.deliveryLog(webhook)).map((delivery) => delivery.status)).toEqual(Array(3).fill('succeeded'));
    });
  });
}
