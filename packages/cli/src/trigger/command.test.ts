import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { first, second, writeOrders } from '../../test/order-shipped.js';
import { startRegistry, type Registry } from '../../test/registry.js';

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => {
  registry.close();
});
const push = (...definitions: object[]) => registry.terminal.run(['types', 'push', writeOrders(...definitions)]);

describe('tidings trigger', () => {
  const trigger = (...args: string[]) => registry.terminal.run(['trigger', ...args, '--dry-run']);

  test('publishes the example of the version that is named', async () => {
    await push(first, { ...second, examples: [{ order_id: '2', carrier: 'post' }] });
    const draft = { type: 'order.shipped', version: 2, data: { order_id: '2', carrier: 'post' } };
    expect(JSON.parse((await trigger('order.shipped', '--event-version', '2')).out)).toEqual(draft);
    expect(JSON.parse((await trigger('order.shipped')).out)).toEqual({ type: 'order.shipped', data: { order_id: '1' } });
  });

  test('names what an unknown version or type could be', async () => {
    await push(first);
    const unknown = await trigger('order.shipped', '--event-version', '2');
    expect(unknown).toMatchObject({ code: 2, err: 'error: order.shipped has no version 2 (versions: 1).' });
    expect((await trigger('order.shiped')).err).toContain('(types of order: order.shipped)');
    expect((await trigger('member.invited')).err).toContain('"tidings types list" lists the types');
  });

  test('asks for the fields of a type without an example', async () => {
    await push({ examples: [] });
    expect(await trigger('order.shipped')).toMatchObject({ code: 2, err: expect.stringContaining('has no example') });
    expect((await trigger('order.shipped', '--set', 'order_id=1')).code).toBe(0);
  });
});
