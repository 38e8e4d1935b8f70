import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { completed, failed, type World } from './world.js';

/** The stream, and the catalog. */
export function events(world: World): void {
  test('follows the stream: it can be paused and filtered, and a lost connection costs no event and repeats none', async () => {
    const emil = world.tidings.asUser('emil');
    const { page, press, read } = await world.openAs(emil, '/stream');
    await read('Live');
    const shown = () =>
      page.evaluate<string[]>("[...document.querySelectorAll('[data-event-id]')].map((row) => row.dataset.eventId)");
    const expectShown = (ids: string[]) =>
      eventually(async () => {
        expect(await shown()).toEqual([...ids].reverse());
      });
    const ids = [await world.service.publish(failed('emil', 'first')), await world.service.publish(completed('emil'))];
    await world.service.publish(failed('alice'));
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
    ids.push(await world.service.publish(completed('emil')));
    await read('Go on (1 new)');
    await expectShown(ids.slice(0, 2));
    await press(/^Go on/);
    await expectShown(ids);

    // The API is killed; what happens meanwhile is published through Redis.
    await world.tidings.api.stop('SIGKILL');
    await read('Reconnecting …');
    for (let count = 0; count < 5; count += 1) await world.tidings.publisher.publish(failed('emil'));
    await world.tidings.startApi({ PORT: new URL(world.tidings.url).port });
    await read('Live');
    await world.service.publish(completed('emil'));
    await eventually(async () => {
      expect(await shown()).toHaveLength(9);
    });
    expect(await shown()).toEqual((await emil.eventLog()).reverse());
  }, 60_000);

  test('explains every type of event, and sends an example for those who may publish', async () => {
    const fay = world.tidings.asUser('fay', 'events:publish');
    const { page, press, fill, read } = await world.openAs(fay, '/event-types');
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

    const { page: other, press: pressToo } = await world.openAs(world.tidings.asUser('gil'), '/event-types');
    await pressToo(/^sync\.failed/);
    await other.getByText('"error_message"').first().waitFor();
    expect(await other.getByRole('button', { name: 'Send the event' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Send the event' }).count()).toBe(1);
  });
}
