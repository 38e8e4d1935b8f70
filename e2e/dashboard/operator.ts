import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../harness/receiver.js';
import { failed, type World } from './world.js';

/** What the operator does. */
export function operator(world: World): void {
  test("shows the operator's pages to tokens with the scope admin alone", async () => {
    const { page, read } = await world.openAs(world.tidings.asUser('nobody'), '/operator');
    await read('need a token with the scope');
    expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
  });

  test('lets the operator pause all of it, or one webhook, and disable one: its owner is told, and the audit log knows', async () => {
    const bob = world.tidings.asUser('bob');
    const olga = world.tidings.asUser('olga', 'admin');
    const receiver = await startReceiver();
    const webhook = await bob.register(receiver);
    const now = async () => (await bob.call('GET', `/api/webhooks/${webhook.id}`)).body;
    const { page, press, read, fill, see: find } = await world.openAs(olga, '/operator');

    await press('Pause delivering');
    await find('dialog', 'Pause delivering?');
    expect((await olga.call('GET', '/api/admin/overview')).body).toMatchObject({ delivering: { paused: false } });
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await read('Paused by olga');
    await world.service.publish(failed('bob'));
    await eventually(async () => {
      expect((await olga.call('GET', '/api/admin/overview')).body).toMatchObject({ queue: { parked: 1 } });
    });
    expect(receiver.arrivals).toHaveLength(0);
    await press('Go on delivering');
    await receiver.waitFor(1);

    await press('All webhooks', 'link');
    await fill('User', 'bob');
    await find('button', `Pause ${receiver.url}`);
    await eventually(async () => {
      expect(await page.getByRole('button', { name: /^Pause/ }).count()).toBe(1);
    });
    await press(/^Pause/);
    await read('Paused by the operator');
    expect(await now()).toMatchObject({ paused: true });
    await press(/^Disable/);
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await read('Disabled by the operator');
    expect(await now()).toMatchObject({ enabled: false, disabled_reason: 'operator' });

    const owner = await world.openAs(bob, `/webhooks/${webhook.id}`);
    await owner.read('only they can enable it');
    await owner.press('Enable');
    await owner.read('It is not enabled');

    await press('Audit log', 'link');
    await fill('Webhook', webhook.id);
    await read('webhook.paused');
    await press(webhook.id, 'link');
    await press('sync.failed', 'link');
    await read('HTTP 200');
  }, 60_000);

  test("leads the operator to the queues' own pages", async () => {
    const { page, press } = await world.openAs(world.tidings.asUser('olga', 'admin'), '/operator/audit');
    await press('Queues');
    await page.waitForURL(/admin.queues/);
    await page.getByText('Tidings: queues').first().waitFor();
  });

  test('lets the operator limit a user, and disable one', async () => {
    const max = world.tidings.asUser('max');
    const olga = world.tidings.asUser('olga', 'admin');
    await max.register(await startReceiver());
    const { page, press, fill, see: find } = await world.openAs(olga, '/operator/users');
    await press('Change max');
    await fill('Webhooks at most', '1');
    await press('Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await max.call('POST', '/api/webhooks', { url: 'https://example.com/' })).status).toBe(409);
    await press('Change max');
    await (await find('switch', 'Disabled')).check({ force: true });
    await press('Save');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await olga.call('GET', '/api/admin/users/max')).body).toMatchObject({ disabled: true, webhooks_limit: 1 });
  });
}
