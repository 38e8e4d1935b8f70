import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { completed, failed, LIVE, type DashboardFixture } from './fixture.js';

/** The live stream, and publishing from the catalog. */
export function eventTests(fixture: DashboardFixture): void {
  test('shows the stream with pause and filter, and resumes after a lost connection without gaps or duplicates', async () => {
    const emil = fixture.tidings.asUser('emil');
    const { page, click, waitForText } = await fixture.openAs(emil, '/stream');
    await waitForText(LIVE);
    const shown = () =>
      page.evaluate<string[]>("[...document.querySelectorAll('[data-event-id]')].map((row) => row.dataset.eventId)");
    const expectShown = (ids: string[]) =>
      eventually(async () => {
        expect(await shown()).toEqual([...ids].reverse());
      });
    const ids = [await fixture.service.publish(failed('emil', 'first')), await fixture.service.publish(completed('emil'))];
    await fixture.service.publish(failed('alice'));
    await expectShown(ids);

    await click(/sync\.failed/);
    expect(JSON.parse(await page.getByRole('region', { name: `Event ${String(ids[0])}` }).innerText())).toEqual({
      id: ids[0],
      type: 'sync.failed',
      data: { user_id: 'emil', error_message: 'first' },
    });
    await page.getByRole('combobox', { name: 'Filter by event type' }).click();
    await page.getByRole('option', { name: 'sync.completed' }).click();
    await expectShown(ids.slice(1));
    await page.getByRole('combobox', { name: 'Filter by event type' }).press('Backspace');
    await page.keyboard.press('Escape');
    await click('Pause');
    ids.push(await fixture.service.publish(completed('emil')));
    await waitForText('Resume (1 new)');
    await expectShown(ids.slice(0, 2));
    await click(/^Resume/);
    await expectShown(ids);

    // While the API is down, events are published through Redis.
    await fixture.tidings.api.stop('SIGKILL');
    await waitForText('Reconnecting …');
    for (let count = 0; count < 5; count += 1) await fixture.tidings.publisher.publish(failed('emil'));
    await fixture.tidings.startApi({ PORT: new URL(fixture.tidings.url).port });
    await waitForText(LIVE);
    await fixture.service.publish(completed('emil'));
    await eventually(async () => {
      expect(await shown()).toHaveLength(9);
    });
    expect(await shown()).toEqual((await emil.eventLog()).reverse());
  });

  test('shows an event type and publishes its example if the token has the scope', async () => {
    const fay = fixture.tidings.asUser('fay', 'events:publish');
    const { page, click, fill, waitForText } = await fixture.openAs(fay, '/event-types');
    await click('sync.failed', 'link');
    await waitForText('"error_message"');
    await fill('Data of sync.failed', '{"user_id": "fay"}');
    await click('Publish event');
    await waitForText('data.error_message:');
    await fill('Data of sync.failed', '{"user_id": "fay", "error_message": "from the page"}');
    await click('Publish event');
    await waitForText(/Accepted as evt_/);
    const { body } = await fay.call('GET', '/api/events');
    expect(body['data']).toMatchObject([{ type: 'sync.failed', data: { error_message: 'from the page' } }]);

    const { page: other, click: clickOther } = await fixture.openAs(fixture.tidings.asUser('gil'), '/event-types');
    await clickOther('sync.failed', 'link');
    await other.getByText('"error_message"').first().waitFor();
    expect(await other.getByRole('button', { name: 'Publish event' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Publish event' }).count()).toBe(1);
  });
}
