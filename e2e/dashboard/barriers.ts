import { expect, test } from '@jest/globals';
import { startReceiver } from '../harness/receiver.js';
import { completed, failed, type World } from './world.js';

const LOOKS = [
  { colorScheme: 'light', width: 1200 },
  { colorScheme: 'dark', width: 360 },
] as const;

/** Every page, for people who see, hear or move otherwise, and on small screens. */
export function barriers(world: World): void {
  test('has no barriers that axe finds, and fits: light on a laptop, and dark on a small phone', async () => {
    const iris = world.tidings.asUser('iris', 'events:publish admin');
    const receiver = await startReceiver(() => 500);
    const webhook = await iris.register({ url: `${receiver.url}?a-long-path-without-any-place-to-break-it-${'x'.repeat(60)}` });
    await world.service.publish(failed('iris'));
    const [delivery] = await iris.waitForDeliveries(webhook, 1);
    const { page, visit, see: find, press, read, barriers } = await world.open();
    const check = async (): Promise<void> => {
      for (const { colorScheme, width } of LOOKS) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        const place = `${page.url()}, ${colorScheme}`;
        expect({ place, barriers: await barriers() }).toEqual({ place, barriers: [] });
        expect({ place, width: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({ place, width });
      }
      await page.setViewportSize({ width: LOOKS[0].width, height: 900 });
    };
    await visit('/');
    await find('heading', 'Sign in to Tidings');
    await check();
    await visit(`/#token=${iris.token}`);
    await find('heading', 'Webhooks');
    const pages: [path: string, ready: () => Promise<unknown>][] = [
      ['/', () => find('link', /a-long-path/)],
      ['/webhooks/new', () => find('button', 'Register')],
      [`/webhooks/${webhook.id}`, () => find('link', 'sync.failed')],
      [`/webhooks/${webhook.id}/settings`, () => find('button', 'Save')],
      [`/deliveries/${String(delivery?.id)}`, () => find('region', 'The response to attempt 2')],
      [
        '/stream',
        async () => {
          await read('Live');
          await world.service.publish(completed('iris'));
          await press(/sync\.completed/);
        },
      ],
      ['/event-types', () => press(/^sync\.failed/)],
      ['/operator', () => read('Duration of attempts')],
      ['/operator/webhooks', () => find('link', /a-long-path/)],
      [`/operator/webhooks/${webhook.id}`, () => find('link', 'sync.failed')],
      [`/operator/deliveries/${String(delivery?.id)}`, () => find('region', 'The response to attempt 2')],
      ['/operator/users', () => find('button', 'Change iris')],
      ['/operator/audit', () => read('webhook.created')],
    ];
    for (const [path, ready] of pages) {
      await visit(path);
      await ready();
      await check();
    }
  }, 60_000);
}
