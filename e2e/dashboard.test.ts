import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { syncCompleted, syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { describeWith } from './harness/programs.js';
import { startReceiver } from './harness/receiver.js';
import { see } from './harness/seen.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';
import { openVisitor, type Visitor } from './harness/visitor.js';

const failed = (user: string, message = 'no') => syncFailed({ user_id: user, error_message: message });
const completed = (user: string) => syncCompleted({ user_id: user, items_synced: 1204, errors: 0, duration_s: 42.5 });

describeWith({ Chromium: CHROMIUM }, 'the dashboard', () => {
  let tidings: Tidings;
  let service: User;
  let browser: Browser;
  beforeAll(async () => {
    [tidings, browser] = await Promise.all([
      startTidings({ env: { DELIVERY_INITIAL_DELAY_MS: '50', DELIVERY_ATTEMPTS: '2' } }),
      startChromium(),
    ]);
    service = tidings.asUser('service', 'events:publish');
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await tidings.stop();
  });

  const visitors: Visitor[] = [];
  afterEach(async () => {
    const complaints = visitors.flatMap((visitor) => visitor.complaints);
    await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()));
    expect(complaints).toEqual([]);
  });
  const open = async (eyes: Parameters<typeof openVisitor>[2] = {}): Promise<Visitor> => {
    const visitor = await openVisitor(browser, tidings.url, eyes);
    visitors.push(visitor);
    return visitor;
  };
  /** Somebody who is signed in, at an address. */
  const openAs = async (user: User, path = '/', eyes: Parameters<typeof openVisitor>[2] = {}): Promise<Visitor> => {
    const visitor = await open(eyes);
    await visitor.visit(`${path}#token=${user.token}`);
    return visitor;
  };

  test('is entered with a token, pasted or in a link, which stays in the tab and leaves the address', async () => {
    const alice = tidings.asUser('alice');
    const visitor = await open();
    const { page, visit, fill, press, read } = visitor;
    await visit('/');
    await fill('Access token', 'hello');
    await press('Sign in');
    await read('This is not a token');
    await fill('Access token', `${alice.token.slice(0, -4)}AAAA`);
    await press('Sign in');
    await read('The API does not take this token');
    await fill('Access token', `Bearer ${alice.token}`);
    await press('Sign in');
    await read('No webhook yet');
    await page.reload();
    await read('No webhook yet');
    await press('Sign out');
    await visitor.see('heading', 'Sign in to Tidings');
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain('eyJ');

    await visit(`/stream#token=${alice.token}`);
    await visitor.see('heading', 'Live stream');
    expect(page.url()).toBe(`${tidings.url}/stream`);
    // Of a token that is no longer taken, whoever has it is told.
    await press('Sign out');
    await visit(`/#token=${alice.token.slice(0, -4)}AAAA`);
    await read('The API no longer takes your token');
  });

  test('registers a webhook: mistakes are named at their fields, the secret is shown once, and it verifies', async () => {
    const bella = tidings.asUser('bella');
    const receiver = await startReceiver();
    const { page, press, fill, read, see: find } = await openAs(bella);
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
    see('a-key-of-the-gateway');
    await press('Register');
    await find('heading', 'Your webhook is registered');
    const secret = await page.getByRole('region', { name: 'Secret' }).innerText();
    see(secret);
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

  test('shows what was sent and why it failed; one is attempted again, and many are replayed after they were counted', async () => {
    const carl = tidings.asUser('carl');
    let status = 500;
    const receiver = await startReceiver(() => status);
    const webhook = await carl.register(receiver);
    await service.publish([failed('carl', 'one'), failed('carl', 'two'), completed('carl')]);
    await carl.waitForDeliveries(webhook, 3);
    const { page, press, read, see: find } = await openAs(carl);
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

  test('changes, tests, turns off and on, rotates and deletes a webhook', async () => {
    const dora = tidings.asUser('dora');
    const receiver = await startReceiver(() => 503);
    const { id } = await dora.register(receiver, { event_types: ['gaps.updated'] });
    const now = async () => (await dora.call('GET', `/api/webhooks/${id}`)).body;
    const { page, press, fill, read, see: find } = await openAs(dora, `/webhooks/${id}/settings`);
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
    see(secret);
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

  test('follows the stream: it can be paused and filtered, and a lost connection costs no event and repeats none', async () => {
    const emil = tidings.asUser('emil');
    const { page, press, read } = await openAs(emil, '/stream');
    await read('Live');
    const shown = () =>
      page
        .getByRole('list', { name: 'Events' })
        .getByRole('listitem')
        .evaluateAll((items) => items.map((item) => item.getAttribute('data-event-id')));
    const expectShown = (ids: string[]) =>
      eventually(async () => {
        expect(await shown()).toEqual([...ids].reverse());
      });
    const ids = [await service.publish(failed('emil', 'first')), await service.publish(completed('emil'))];
    await service.publish(failed('alice'));
    await expectShown(ids);

    await press(/sync\.failed/);
    expect(JSON.parse(await page.getByRole('region', { name: `The event ${String(ids[0])}` }).innerText())).toEqual({
      id: ids[0],
      type: 'sync.failed',
      data: { user_id: 'emil', error_message: 'first' },
    });
    await page.getByRole('combobox', { name: 'Show only these types' }).click();
    await page.getByRole('option', { name: 'sync.completed' }).click();
    await expectShown(ids.slice(1));
    await page.getByRole('combobox', { name: 'Show only these types' }).press('Backspace');
    await page.keyboard.press('Escape');
    await press('Pause');
    ids.push(await service.publish(completed('emil')));
    await read('Go on (1 new)');
    await expectShown(ids.slice(0, 2));
    await press(/^Go on/);
    await expectShown(ids);

    // The API is killed; what happens meanwhile is published through Redis.
    await tidings.api.stop('SIGKILL');
    await read('Reconnecting …');
    for (let count = 0; count < 5; count += 1) await tidings.publisher.publish(failed('emil'));
    await tidings.startApi({ PORT: new URL(tidings.url).port });
    await read('Live');
    await service.publish(completed('emil'));
    await eventually(async () => {
      expect(await shown()).toHaveLength(9);
    });
    expect(await shown()).toEqual((await emil.eventLog()).reverse());
  }, 60_000);

  test('explains every type of event, and sends an example for those who may publish', async () => {
    const fay = tidings.asUser('fay', 'events:publish');
    const { page, press, fill, read } = await openAs(fay, '/event-types');
    await press(/^sync\.failed/);
    await read('"error_message"');
    await fill('Send sync.failed', '{"user_id": "fay"}');
    await press('Send the event');
    await read('data.error_message:');
    await fill('Send sync.failed', '{"user_id": "fay", "error_message": "from the page"}');
    await press('Send the event');
    await read(/Accepted as evt_/);
    const { body } = await fay.call('GET', '/api/events');
    expect(body['data']).toMatchObject([{ type: 'sync.failed', data: { error_message: 'from the page' } }]);

    const { page: other, press: pressToo } = await openAs(tidings.asUser('gil'), '/event-types');
    await pressToo(/^sync\.failed/);
    await other.getByText('"error_message"').first().waitFor();
    expect(await other.getByRole('button', { name: 'Send the event' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Send the event' }).count()).toBe(1);
  });

  test('can be used with the keyboard alone', async () => {
    const { page, visit, see: find } = await open();
    await visit('/');
    await page.getByLabel('Access token').focus();
    await page.keyboard.insertText(tidings.asUser('hana').token);
    await page.keyboard.press('Enter');
    await find('link', 'Register your first webhook');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Register a webhook');
    await page.keyboard.press('Enter');
    await find('heading', 'Register a webhook');
    await eventually(async () => {
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Register a webhook');
      expect(await page.title()).toBe('Register a webhook · Tidings');
    });
  });

  test.each([
    { scheme: 'light', width: 1200 },
    { scheme: 'dark', width: 360 },
  ] as const)(
    'has no barriers that axe finds, and fits, in $scheme at $width px',
    async (eyes) => {
      const iris = tidings.asUser(`iris-${eyes.scheme}`, 'events:publish');
      const receiver = await startReceiver(() => 500);
      const webhook = await iris.register({ url: `${receiver.url}?a-long-path-without-any-place-to-break-it-${'x'.repeat(60)}` });
      await service.publish(failed(`iris-${eyes.scheme}`));
      const [delivery] = await iris.waitForDeliveries(webhook, 1);
      const { page, visit, see: find, press, read, barriers } = await open(eyes);
      const check = async (): Promise<void> => {
        expect({ at: page.url(), barriers: await barriers() }).toEqual({ at: page.url(), barriers: [] });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(eyes.width);
      };
      await visit('/');
      await find('heading', 'Sign in to Tidings');
      await check();
      await visit(`/#token=${iris.token}`);
      const looks: [path: string, ready: () => Promise<unknown>][] = [
        ['/', () => find('link', /a-long-path/)],
        ['/webhooks/new', () => find('button', 'Register')],
        [`/webhooks/${webhook.id}`, () => find('link', 'sync.failed')],
        [`/webhooks/${webhook.id}/settings`, () => find('button', 'Save')],
        [`/deliveries/${String(delivery?.id)}`, () => find('region', 'The response to attempt 2')],
        [
          '/stream',
          async () => {
            await read('Live');
            await service.publish(completed(`iris-${eyes.scheme}`));
            await press(/sync\.completed/);
          },
        ],
        ['/event-types', () => press(/^sync\.failed/)],
      ];
      for (const [path, ready] of looks) {
        await visit(path);
        await ready();
        await check();
      }
    },
    60_000,
  );
});
