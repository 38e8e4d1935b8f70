import { expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../harness/receiver.js';
import type { DashboardFixture } from './fixture.js';

const SCHEMA = {
  type: 'object',
  properties: { org_id: { type: 'string' }, price: { type: 'number', minimum: 0 } },
  required: ['org_id', 'price'],
};
const TYPE = {
  title: 'Invoice paid',
  description: 'An invoice was paid.',
  group: 'Billing',
  audience: 'owner',
  owner_field: 'org_id',
  schema: SCHEMA,
  examples: [{ org_id: 'acme', price: 12.5 }],
};
const withProperties = (properties: object, required = SCHEMA.required): string =>
  JSON.stringify({ ...SCHEMA, properties: { ...SCHEMA.properties, ...properties }, required }, null, 2);

/** The catalog, and the pages that write event types. */
export function eventTypeTests(fixture: DashboardFixture): void {
  const writer = () => fixture.tidings.asUser('wanda', 'event-types:write events:publish');
  const put = async (type: string, body: object): Promise<void> => {
    expect((await writer().call('PUT', `/api/event-types/${type}`, body)).status).toBeLessThan(300);
  };
  const read = async (path: string) => (await writer().call('GET', `/api/event-types/${path}`)).body;

  test('lists the event types by page, with a search, a group and the archived ones', async () => {
    for (let number = 0; number < 60; number += 1) {
      await put(`catalog.item_${String(number).padStart(2, '0')}`, { ...TYPE, title: `Item ${String(number)}`, group: 'Items' });
    }
    await writer().call('DELETE', '/api/event-types/catalog.item_59');
    const { page, find, fill, click, waitForText } = await fixture.openAs(fixture.tidings.asUser('rita'), '/event-types');
    const names = page.getByRole('list', { name: 'Event types' }).getByRole('link');

    await fill('Search', 'catalog.item');
    await find('link', 'catalog.item_49');
    await click('Next');
    await find('link', 'catalog.item_58');
    await eventually(async () => {
      expect(await names.allInnerTexts()).toEqual(Array.from({ length: 9 }, (_, index) => `catalog.item_5${String(index)}`));
    });
    await click('Previous');
    await find('link', 'catalog.item_00');

    await fill('Search', 'item 42');
    await find('link', 'catalog.item_42');
    await eventually(async () => {
      expect(await names.allInnerTexts()).toEqual(['catalog.item_42']);
    });
    await fill('Search', '');
    await click('Show the group Items');
    await eventually(async () => {
      expect((await names.allInnerTexts()).every((name) => name.startsWith('catalog.'))).toBe(true);
    });
    await fill('Group', '');
    await page.getByRole('switch', { name: 'Archived' }).check({ force: true });
    await click('catalog.item_59', 'link');
    await waitForText('Tidings refuses new events');
    expect(await page.getByRole('button', { name: 'Restore' }).count()).toBe(0);
  });

  test('writes a type with a check while typing, and publishes its example', async () => {
    const { page, click, fill, find, waitForText } = await fixture.openAs(writer(), '/event-types');
    await click('New event type', 'link');
    const name = page.getByRole('textbox', { name: /^Name/ });
    await click('Create');
    await waitForText('A name is required.');
    await eventually(async () => {
      expect(await page.evaluate('document.activeElement.labels[0].textContent')).toContain('Name');
    });
    await name.fill('order.shipped');
    await fill('Description', 'An order left the warehouse.');
    await page.getByRole('textbox', { name: /^Owner field/ }).fill('org_id');
    const schema = page.getByRole('textbox', { name: /^JSON Schema/ });
    const example = page.getByRole('textbox', { name: 'Example 1' });
    await schema.fill('{"type": }');
    await waitForText('This is not valid JSON');
    await schema.fill(withProperties({ code: { type: 'string', pattern: '(?=a)' } }));
    await waitForText(/Line [0-9]+, properties\.code\.pattern: /);
    await schema.fill(withProperties({}));
    await example.fill('{"org_id": "wanda", "price": -1}');
    await waitForText(/Line 1, price: /);
    await example.fill('{"org_id": "wanda", "price": 4}');
    await waitForText('No faults found');
    expect(await page.getByRole('region', { name: 'Headers of the request' }).innerText()).toContain('webhook-event-version: 1');
    expect(JSON.parse(await page.getByRole('region', { name: 'Body of the request' }).innerText())).toMatchObject({
      type: 'order.shipped',
      data: { org_id: 'wanda', price: 4 },
    });
    await click('Create');
    await find('heading', 'order.shipped');
    expect(await read('order.shipped')).toMatchObject({ version: 1, owner_field: 'org_id', schema: SCHEMA });

    await click('Publish event');
    await waitForText(/Accepted as evt_/);

    // The form for a new type does not change one that exists.
    await click('← Event types', 'link');
    await click('New event type', 'link');
    await name.fill('order.shipped');
    await waitForText('An event type with this name exists.');
  });

  test('refuses a change that breaks somebody, saves it as the next version, and makes that one the default', async () => {
    await put('invoice.paid', TYPE);
    const owner = fixture.tidings.asUser('acme');
    const webhook = await owner.register(await startReceiver(), { event_types: ['invoice.*'] });
    const { page, click, find, waitForText } = await fixture.openAs(writer(), '/event-types/invoice.paid');
    await click('Edit', 'link');
    const schema = page.getByRole('textbox', { name: /^JSON Schema/ });
    const example = page.getByRole('textbox', { name: 'Example 1' });

    await schema.fill(withProperties({ note: { type: 'string' } }));
    await waitForText('breaks nobody');
    await click('Save version 1');
    await waitForText('invoice.paid was saved.');
    expect(await read('invoice.paid')).toMatchObject({ schema: { properties: { note: { type: 'string' } } } });

    await click('Edit', 'link');
    expect(JSON.parse(await schema.inputValue())).toHaveProperty('properties.note');
    await schema.fill(withProperties({ note: { type: 'string' } }, ['org_id', 'price', 'note']));
    await example.fill('{"org_id": "acme", "price": 1, "note": "hello"}');
    await waitForText('breaks publishers');
    await page.getByRole('list', { name: 'Webhooks affected' }).getByText(webhook.id).waitFor();
    await waitForText('of acme');
    await click('Save version 1');
    await find('dialog', 'Version 1 cannot take this change');
    expect(await page.getByRole('dialog').getByText('data.note').count()).toBe(1);
    expect(await read('invoice.paid')).toMatchObject({ versions: [1] });
    await click('Save as version 2');
    await waitForText('Services that name no version still publish version 1.');
    expect(await read('invoice.paid')).toMatchObject({ default_version: 1, versions: [1, 2] });

    await click('Make default');
    await page.getByRole('dialog').getByText('breaks publishers').waitFor();
    await page.getByRole('dialog').getByText(webhook.id).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Make default' }).click();
    await waitForText('Version 2 is the default.');
    expect(await read('invoice.paid')).toMatchObject({ default_version: 2 });

    await page.getByRole('combobox', { name: 'Version' }).selectOption('1');
    await find('region', 'JSON Schema of invoice.paid, version 1');
  });

  test('deprecates, archives and restores a type', async () => {
    await put('invoice.sent', TYPE);
    await put('invoice.mailed', TYPE);
    const { page, click, find, waitForText } = await fixture.openAs(writer(), '/event-types/invoice.sent');
    await click('More …');
    await click('Deprecate …', 'menuitem');
    await page.getByRole('combobox', { name: 'Replaced by' }).fill('invoice.mail');
    await page.getByRole('option', { name: 'invoice.mailed' }).click();
    await click('Deprecate');
    await find('link', 'invoice.mailed');
    expect(await read('invoice.sent')).toMatchObject({
      replaced_by: 'invoice.mailed',
      deprecated_at: expect.any(String),
    });
    await click('More …');
    await click('Undo the deprecation', 'menuitem');
    await waitForText('invoice.sent is no longer deprecated.');
    expect(await read('invoice.sent')).toMatchObject({ replaced_by: null, deprecated_at: null });

    await click('More …');
    await click('Archive …', 'menuitem');
    await find('dialog', 'Archive this event type?');
    await page.getByRole('dialog').getByRole('button', { name: 'Archive' }).click();
    await find('heading', 'Event types');
    expect(await read('invoice.sent')).toMatchObject({ archived_at: expect.any(String) });
    await page.getByRole('switch', { name: 'Archived' }).check({ force: true });
    await click('invoice.sent', 'link');
    await click('Restore');
    await waitForText('invoice.sent is restored.');
    expect(await read('invoice.sent')).toMatchObject({ archived_at: null });
  });

  test('offers no page that writes types to a token without the scope', async () => {
    const { page, goto, find, waitForText } = await fixture.openAs(fixture.tidings.asUser('rita'), '/event-types/sync.failed');
    await find('region', 'JSON Schema of sync.failed, version 1');
    for (const action of ['Edit', 'New version', 'More …']) {
      expect(await page.getByText(action, { exact: true }).count()).toBe(0);
    }
    for (const path of ['new', 'sync.failed/edit', 'sync.failed/new-version']) {
      await goto(`/event-types/${path}`);
      await waitForText('your token needs the scope');
    }
  });
}
