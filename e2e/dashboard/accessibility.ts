import { expect, test } from '@jest/globals';
import { startReceiver } from '../harness/receiver.js';
import { completed, failed, LIVE, type DashboardFixture } from './fixture.js';

const VIEWPORTS = [
  { colorScheme: 'light', width: 1200 },
  { colorScheme: 'dark', width: 360 },
] as const;

/** The schema of `sync.failed` with a change that breaks receivers and one that breaks nobody. */
const CHANGED_SCHEMA = JSON.stringify({
  type: 'object',
  properties: { user_id: { type: 'string' }, error_message: { type: 'string' }, note: { type: 'string' } },
  required: ['user_id', 'error_message'],
});

/** Accessibility and layout of every page. */
export function accessibilityTests(fixture: DashboardFixture): void {
  test('has no accessibility violations and no horizontal scrolling, in light colours on a laptop and in dark colours on a phone', async () => {
    const iris = fixture.tidings.asUser('iris', 'events:publish admin');
    const receiver = await startReceiver(() => 500);
    const webhook = await iris.register({ url: `${receiver.url}?a-long-path-without-any-place-to-break-it-${'x'.repeat(60)}` });
    await fixture.service.publish(failed('iris'));
    const parcelLost = { description: 'A parcel was lost.', audience: 'everyone', schema: { type: 'object' } };
    await iris.call('PUT', '/api/event-types/parcel.lost', parcelLost);
    await iris.call('POST', '/api/event-types/parcel.lost/deprecate', { replaced_by: 'sync.failed' });
    const [delivery] = await iris.waitForDeliveries(webhook, 1);
    const { page, goto, find, click, fill, waitForText, findViolations } = await fixture.open();
    const check = async (): Promise<void> => {
      for (const { colorScheme, width } of VIEWPORTS) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        const view = `${page.url()}, ${colorScheme}`;
        expect({ view, violations: await findViolations() }).toEqual({ view, violations: [] });
        expect({ view, width: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({ view, width });
      }
      await page.setViewportSize({ width: VIEWPORTS[0].width, height: 900 });
    };
    await goto('/');
    await find('heading', 'Sign in to Tidings');
    await check();
    await goto(`/#token=${iris.token}`);
    await find('heading', 'Webhooks');
    const pages: [path: string, ready: () => Promise<unknown>][] = [
      ['/', () => find('link', /a-long-path/)],
      ['/webhooks/new', () => find('button', 'Register')],
      [`/webhooks/${webhook.id}`, () => find('link', 'sync.failed')],
      [`/webhooks/${webhook.id}/settings`, () => find('button', 'Save')],
      [`/deliveries/${String(delivery?.id)}`, () => find('region', 'Response to attempt 2')],
      [
        '/stream',
        async () => {
          await waitForText(LIVE);
          await fixture.service.publish(completed('iris'));
          await click(/sync\.completed/);
        },
      ],
      ['/event-types', () => find('list', 'Event types')],
      ['/event-types/sync.failed', () => find('button', 'Publish event')],
      ['/event-types/parcel.lost', () => find('link', 'sync.failed')],
      [
        '/event-types/new',
        async () => {
          await fill('Name', 'invoice');
          await waitForText('at least two parts');
        },
      ],
      [
        '/event-types/sync.failed/edit',
        async () => {
          await fill('JSON Schema', CHANGED_SCHEMA);
          await waitForText('breaks receivers');
        },
      ],
      ['/operator', () => waitForText('Duration of attempts')],
      ['/operator/webhooks', () => find('link', /a-long-path/)],
      [`/operator/webhooks/${webhook.id}`, () => find('link', 'sync.failed')],
      [`/operator/deliveries/${String(delivery?.id)}`, () => find('region', 'Response to attempt 2')],
      ['/operator/owners', () => find('button', 'Edit iris')],
      ['/operator/audit', () => waitForText('webhook.created')],
    ];
    for (const [path, ready] of pages) {
      await goto(path);
      await ready();
      await check();
    }
  });
}
