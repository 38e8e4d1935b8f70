import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { gapsUpdated } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../harness/receiver.js';
import { rememberSecret } from '../harness/known-secrets.js';
import type { DashboardFixture } from './fixture.js';

/** Registering and managing webhooks. */
export function webhookTests(fixture: DashboardFixture): void {
  test('registers a webhook, shows errors at their fields and shows the secret once', async () => {
    const bella = fixture.tidings.asUser('bella');
    const receiver = await startReceiver();
    const { page, click, fill, waitForText, find } = await fixture.openAs(bella);
    await click('Register your first webhook', 'link');
    await fill('URL', 'ftp://example.com');
    await waitForText('The URL must begin with https:// or http://.');
    await fill('URL', 'http://10.0.0.1/hook');
    await click('Register');
    await waitForText('Must not point to the address 10.0.0.1, which is not public.');
    await fill('URL', receiver.url);
    await page.getByRole('combobox', { name: 'Event types' }).click();
    await page.getByRole('option', { name: 'sync.*' }).click();
    await page.keyboard.press('Escape');
    await click('Add header');
    await fill('Name of header 1', 'Host');
    await fill('Value of header 1', 'evil.example.com');
    await click('Register');
    await waitForText('Host: is reserved: Tidings or a proxy sets it');
    await fill('Name of header 1', 'X-Api-Key');
    await fill('Value of header 1', 'a-key-of-the-gateway');
    rememberSecret('a-key-of-the-gateway');
    await click('Register');
    await find('heading', 'Webhook registered');
    const secret = await page.getByRole('region', { name: 'Secret' }).innerText();
    rememberSecret(secret);
    await click('Copy secret');
    await find('button', 'Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret);

    await click('Open webhook', 'link');
    await click('Send test event');
    await page.getByRole('dialog').getByText('Succeeded').waitFor();
    await waitForText('thanks');
    const [arrival] = await receiver.waitFor(1);
    expect(new Webhook(secret).verify(arrival?.body ?? '', arrival?.headers ?? {})).toMatchObject({ type: 'webhook.test' });
    expect(arrival?.headers['x-api-key']).toBe('a-key-of-the-gateway');
    // The page never shows the secret again.
    await page.reload();
    await find('heading', receiver.url);
    expect(await page.content()).not.toContain(secret);
  });

  test('changes, tests, pauses, disables, enables, rotates and deletes a webhook', async () => {
    const dora = fixture.tidings.asUser('dora');
    const receiver = await startReceiver(() => 503);
    const { id } = await dora.register(receiver, { event_types: ['gaps.updated'] });
    const now = async () => (await dora.call('GET', `/api/webhooks/${id}`)).body;
    const { page, click, fill, waitForText, find } = await fixture.openAs(dora, `/webhooks/${id}/settings`);
    await fill('Description', 'The shop');
    await fill('Requests per second', '20');
    await fill('Attempts', '7');
    await click('Save');
    await waitForText('The settings were saved.');
    expect(await now()).toMatchObject({
      description: 'The shop',
      rate_limit: 20,
      retry: { max_attempts: 7 },
      event_types: ['gaps.updated'],
    });
    await fill('Requests per second', '999999');
    await click('Save');
    await waitForText('Must be a whole number from 1 to 10000 requests per second');

    await click('Send test event');
    await page.getByRole('dialog').getByText('Failed', { exact: true }).waitFor();
    await waitForText('503');
    await page.getByRole('dialog').getByRole('combobox', { name: 'Event' }).fill('gaps');
    await page.getByRole('option', { name: 'gaps.updated', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click();
    await waitForText('gaps.updated, version 1');
    expect(JSON.parse(String((await receiver.waitFor(2))[1]?.body))).toMatchObject({
      type: 'gaps.updated',
      data: { user_id: 'dora' },
    });
    await click('Done');
    await click('Pause');
    await waitForText('The owner paused this webhook');
    expect(await now()).toMatchObject({ paused: true, paused_by: ['owner'] });
    const event = await fixture.service.publish(gapsUpdated({ user_id: 'dora', entity_type: 'artists', entity_id: '7' }));
    await click('Disable');
    await find('button', 'Disable and cancel 1 delivery');
    await click('Cancel');
    await click('Resume');
    await page.getByText('The owner paused this webhook').waitFor({ state: 'detached' });
    await eventually(() => {
      expect(receiver.counts()[event]).toBeGreaterThanOrEqual(1);
    });
    await click('Disable');
    await find('button', 'Pause instead');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Disable/ })
      .click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await waitForText('New events are not delivered');
    expect(await now()).toMatchObject({ enabled: false });
    await click('Enable');
    await page.getByText('New events are not delivered').waitFor({ state: 'detached' });
    expect(await now()).toMatchObject({ enabled: true });

    await click('More …');
    await click('Rotate secret …', 'menuitem');
    await click('Rotate');
    const secret = await page.getByRole('region', { name: 'Secret' }).innerText();
    rememberSecret(secret);
    expect(secret).toMatch(/^whsec_/);
    expect((await now())['previous_secrets_valid_until']).not.toBeNull();
    await click('I have saved it');

    await click('More …');
    await click('Delete …', 'menuitem');
    await find('dialog', 'Delete this webhook?');
    await click('Cancel');
    expect(await now()).toMatchObject({ id });
    await click('More …');
    await click('Delete …', 'menuitem');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await waitForText('No webhooks yet');
    expect((await dora.call('GET', `/api/webhooks/${id}`)).status).toBe(404);
  });
}
