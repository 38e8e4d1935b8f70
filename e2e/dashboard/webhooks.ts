import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { startReceiver } from '../harness/receiver.js';
import { rememberSecret } from '../harness/known-secrets.js';
import type { World } from './world.js';

/** What owners do with their webhooks. */
export function ownWebhooks(world: World): void {
  test('registers a webhook: mistakes are named at their fields, the secret is shown once, and it verifies', async () => {
    const bella = world.tidings.asUser('bella');
    const receiver = await startReceiver();
    const { page, press, fill, read, see: find } = await world.openAs(bella);
    await press('Register your first webhook', 'link');
    await fill('URL', 'ftp://example.com');
    await read('It begins with https:// or http://.');
    await fill('URL', 'http://10.0.0.1/hook');
    await press('Register');
    await read('Must not point to the address 10.0.0.1, which is not public.');
    await fill('URL', receiver.url);
    await page.getByRole('combobox', { name: 'Event types' }).click();
    await page.getByRole('option', { name: 'sync.*' }).click();
    await page.keyboard.press('Escape');
    await press('Add a header');
    await fill('Name of header 1', 'Host');
    await fill('Value of header 1', 'evil.example.com');
    await press('Register');
    await read('Host: is a header that Tidings sets by itself');
    await fill('Name of header 1', 'X-Api-Key');
    await fill('Value of header 1', 'a-key-of-the-gateway');
    rememberSecret('a-key-of-the-gateway');
    await press('Register');
    await find('heading', 'Your webhook is registered');
    const secret = await page.getByRole('region', { name: 'Secret' }).innerText();
    rememberSecret(secret);
    await press('Copy the secret');
    await find('button', 'Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret);

    await press('Go to the webhook', 'link');
    await press('Send a test');
    await read('It arrived');
    await read('thanks');
    const [arrival] = await receiver.waitFor(1);
    expect(new Webhook(secret).verify(arrival?.body ?? '', arrival?.headers ?? {})).toMatchObject({ type: 'webhook.test' });
    expect(arrival?.headers['x-api-key']).toBe('a-key-of-the-gateway');
    // It is nowhere any more.
    await page.reload();
    await find('heading', receiver.url);
    expect(await page.content()).not.toContain(secret);
  });

  test('changes, tests, turns off and on, rotates and deletes a webhook', async () => {
    const dora = world.tidings.asUser('dora');
    const receiver = await startReceiver(() => 503);
    const { id } = await dora.register(receiver, { event_types: ['gaps.updated'] });
    const now = async () => (await dora.call('GET', `/api/webhooks/${id}`)).body;
    const { page, press, fill, read, see: find } = await world.openAs(dora, `/webhooks/${id}/settings`);
    await fill('Description', 'The shop');
    await fill('Requests a second', '20');
    await fill('Attempts', '7');
    await press('Save');
    await read('The settings are saved.');
    expect(await now()).toMatchObject({
      description: 'The shop',
      rate_limit: 20,
      retry: { max_attempts: 7 },
      event_types: ['gaps.updated'],
    });
    await fill('Requests a second', '999999');
    await press('Save');
    await read('Must be a whole number from 1 to 10000 requests per second');

    await press('Send a test');
    await read('It failed');
    await read('503');
    await press('Done');
    await press('Disable');
    await read('You disabled it');
    expect(await now()).toMatchObject({ enabled: false });
    await press('Enable');
    await page.getByText('You disabled it').waitFor({ state: 'detached' });
    expect(await now()).toMatchObject({ enabled: true });

    await press('More …');
    await press('Rotate the secret …', 'menuitem');
    await press('Rotate');
    const secret = await page.getByRole('region', { name: 'Secret' }).innerText();
    rememberSecret(secret);
    expect(secret).toMatch(/^whsec_/);
    expect((await now())['previous_secrets_valid_until']).not.toBeNull();
    await press('I have kept it');

    await press('More …');
    await press('Delete …', 'menuitem');
    await find('dialog', 'Delete this webhook?');
    await press('Cancel');
    expect(await now()).toMatchObject({ id });
    await press('More …');
    await press('Delete …', 'menuitem');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await read('No webhook yet');
    expect((await dora.call('GET', `/api/webhooks/${id}`)).status).toBe(404);
  }, 60_000);
}
