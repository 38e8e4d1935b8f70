import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../harness/receiver.js';
import { failed, type DashboardFixture } from './fixture.js';

/** The operator pages. */
export function operatorTests(fixture: DashboardFixture): void {
  test('shows the operator pages only to tokens with the scope admin', async () => {
    const { page, waitForText } = await fixture.openAs(fixture.tidings.asUser('nobody'), '/operator');
    await waitForText('require a token with the scope');
    expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
  });

  test('pauses all deliveries or one webhook and disables a webhook, which its owner and the audit log see', async () => {
    const bob = fixture.tidings.asUser('bob');
    const olga = fixture.tidings.asUser('olga', 'admin');
    const receiver = await startReceiver();
    const webhook = await bob.register(receiver);
    const now = async () => (await bob.call('GET', `/api/webhooks/${webhook.id}`)).body;
    const { page, click, waitForText, fill, find } = await fixture.openAs(olga, '/operator');

    await click('Pause deliveries');
    await find('dialog', 'Pause all deliveries?');
    expect((await olga.call('GET', '/api/admin/overview')).body).toMatchObject({ pause: { paused: false } });
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await waitForText('Paused by olga');
    await fixture.service.publish(failed('bob'));
    await eventually(async () => {
      expect((await olga.call('GET', '/api/admin/overview')).body).toMatchObject({ queue: { parked: 1 } });
    });
    expect(receiver.arrivals).toHaveLength(0);
    await click('Resume deliveries');
    await receiver.waitFor(1);

    await click('All webhooks', 'link');
    await fill('Owner', 'bob');
    await find('button', `Pause ${receiver.url}`);
    await eventually(async () => {
      expect(await page.getByRole('button', { name: /^Pause/ }).count()).toBe(1);
    });
    await click(/^Pause/);
    await waitForText('Paused by the operator');
    expect(await now()).toMatchObject({ paused: true });
    await click(/^Disable/);
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await waitForText('Disabled by the operator');
    expect(await now()).toMatchObject({ enabled: false, disabled_reason: 'operator' });

    const owner = await fixture.openAs(bob, `/webhooks/${webhook.id}`);
    await owner.waitForText('Only the operator can enable it');
    await owner.click('Enable');
    await owner.waitForText('The webhook could not be enabled');

    await click('Audit log', 'link');
    await fill('Webhook', webhook.id);
    await waitForText('webhook.paused');
    await click(webhook.id, 'link');
    await click('sync.failed', 'link');
    await waitForText('HTTP 200');
  });

  test('opens the queue pages', async () => {
    const { page, click } = await fixture.openAs(fixture.tidings.asUser('olga', 'admin'), '/operator/audit');
    await click('Queues');
    await page.waitForURL(/admin.queues/);
    await page.getByText('Tidings: queues').first().waitFor();
  });

  test('limits and disables an owner', async () => {
    const max = fixture.tidings.asUser('max');
    const olga = fixture.tidings.asUser('olga', 'admin');
    await max.register(await startReceiver());
    const { page, click, fill, find } = await fixture.openAs(olga, '/operator/owners');
    await click('Edit max');
    await fill('Maximum webhooks', '1');
    await click('Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await max.call('POST', '/api/webhooks', { url: 'https://example.com/' })).status).toBe(409);
    await click('Edit max');
    await (await find('switch', 'Disabled')).check({ force: true });
    await click('Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await olga.call('GET', '/api/admin/owners/max')).body).toMatchObject({ disabled: true, webhooks_limit: 1 });
  });
}
