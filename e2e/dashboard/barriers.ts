import { expect, test } from '@jest/globals';
import { startReceiver } from '../harness/receiver.js';
import { completed, failed, type World } from './world.js';

/** Every page, for people who see, hear or move otherwise, and on small screens. */
export function barriers(world: World): void {
  test.each([
    { scheme: 'light', width: 1200 },
    { scheme: 'dark', width: 360 },
  ] as const)(
    'has no barriers that axe finds, and fits, in $scheme at $width px',
    async (eyes) => {
      const iris = world.tidings.asUser(`iris-${eyes.scheme}`, 'events:publish admin');
      const receiver = await startReceiver(() => 500);
      const webhook = await iris.register({ url: `${receiver.url}?a-long-path-without-any-place-to-break-it-${'x'.repeat(60)}` });
      await world.service.publish(failed(`iris-${eyes.scheme}`));
      const [delivery] = await iris.waitForDeliveries(webhook, 1);
      const { page, visit, see: find, press, read, barriers } = await world.open(eyes);
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
            await world.service.publish(completed(`iris-${eyes.scheme}`));
            await press(/sync\.completed/);
          },
        ],
        ['/event-types', () => press(/^sync\.failed/)],
        ['/operator', () => read('Duration of attempts')],
        ['/operator/webhooks', () => find('link', /a-long-path/)],
        [`/operator/webhooks/${webhook.id}`, () => find('link', 'sync.failed')],
        [`/operator/deliveries/${String(delivery?.id)}`, () => find('region', 'The response to attempt 2')],
        ['/operator/users', () => find('button', `Change iris-${eyes.scheme}`)],
        ['/operator/audit', () => read('webhook.created')],
      ];
      for (const [path, ready] of looks) {
        await visit(path);
        await ready();
        await check();
      }
    },
    60_000,
  );
}
