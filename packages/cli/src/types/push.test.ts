import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { first, order, second, writeOrders } from '../../test/order-shipped.js';
import { startRegistry, WEBHOOK, type Registry } from '../../test/registry.js';

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => {
  registry.close();
});
const run = (...args: string[]) => registry.terminal.run(['types', ...args]);
const json = (...args: string[]) => registry.terminal.json(['types', ...args]);

describe('tidings types push', () => {
  test('creates what the server lacks, and then finds it unchanged', async () => {
    expect(await run('push', writeOrders({}))).toEqual({ code: 0, out: 'created order.shipped version 1', err: '' });
    expect(await run('push', writeOrders({}))).toEqual({ code: 0, out: 'unchanged order.shipped', err: '' });
    expect(registry.writes).toEqual(['PUT order.shipped 1']);
  });

  test.each<[string, object]>([
    [
      'an optional field',
      { schema: { ...order.schema, properties: { order_id: { type: 'string' }, note: { type: 'string' } } } },
    ],
    ['another description', { description: 'An order left.' }],
    ['another title', { title: 'Order' }],
    ['another group', { group: 'orders' }],
    ['another example', { examples: [{ order_id: '2' }] }],
  ])('writes a type that has %s', async (_, fields) => {
    await run('push', writeOrders({}));
    expect(await run('push', writeOrders(fields))).toMatchObject({ code: 0, out: 'changed order.shipped version 1' });
    expect(await run('push', writeOrders(fields))).toMatchObject({ code: 0, out: 'unchanged order.shipped' });
  });

  test('creates several versions at once, the lowest first, in whatever order the file has them', async () => {
    const third = { ...second, version: 3 };
    expect(await run('push', writeOrders(third, first, second))).toMatchObject({
      code: 0,
      out: ['created order.shipped version 1', 'created order.shipped version 2', 'created order.shipped version 3'].join('\n'),
    });
    expect(registry.writes).toEqual(['PUT order.shipped 1', 'PUT order.shipped 2', 'PUT order.shipped 3']);
  });

  test('writes nothing when a change of one type breaks somebody, and names change, kind, whom and webhooks', async () => {
    await run('push', writeOrders(first));
    const breaking = writeOrders({ ...second, version: 1 }, { type: 'order.paid' });
    const { code, out, err } = await run('push', breaking);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      'order.shipped version 1 differs:',
      expect.stringMatching(/^ {2}✗ data\.carrier: The required field was added: .* \[field_added, breaks publishers\]$/),
      '  · examples: The examples were changed. [documentation_changed]',
      '  → wh_1 of alice (*)',
      'order.paid is new',
    ]);
    expect(err).toMatch(/^error: 1 change breaks publishers or receivers\. Nothing was written: .*"version"\.$/);
    expect((await json('push', breaking)).json).toMatchObject({
      breaking: 1,
      types: [{ status: 'changed', webhooks: [WEBHOOK] }, { status: 'new' }],
    });
    expect(registry.writes).toEqual(['PUT order.shipped 1']);
  });

  test('takes what breaks somebody as a new version', async () => {
    await run('push', writeOrders(first));
    expect(await run('push', writeOrders(first, second))).toMatchObject({
      code: 0,
      out: 'unchanged order.shipped version 1\ncreated order.shipped version 2',
    });
  });

  test('writes nothing when the server would refuse a definition, and names its type', async () => {
    const { code, err } = await run('push', writeOrders({ type: 'order.paid' }, { ...second, version: 4 }));
    expect(code).toBe(3);
    expect(err).toMatch(/^error: order\.shipped version 4: 400 [^]*version: must be at most 1/);
    expect(registry.writes).toEqual([]);
  });

  test('writes nothing with --dry-run', async () => {
    expect(await run('push', writeOrders({}), '--dry-run')).toMatchObject({ code: 0, out: 'order.shipped is new' });
    expect(registry.writes).toEqual([]);
  });

  test('waits while the server limits its rate', async () => {
    registry.limitRate(2);
    expect(await run('push', writeOrders({}))).toMatchObject({ code: 0, out: 'created order.shipped version 1' });
  });

  test('brings back an archived type', async () => {
    await run('push', writeOrders({}));
    await run('archive', 'order.shipped');
    const { code, json: printed } = await json('push', writeOrders({}));
    expect(code).toBe(0);
    expect(printed.types).toMatchObject([{ status: 'changed', changes: [{ path: 'archived_at' }] }]);
    expect((await run('list', '--search', 'order.')).out).toContain('active');
  });

  test('brings back an archived version', async () => {
    await run('push', writeOrders(first, second));
    await run('archive', 'order.shipped', '--version', '2');
    const { json: printed } = await json('push', writeOrders(first, second));
    expect(printed.types).toMatchObject([{ status: 'unchanged' }, { status: 'changed', changes: [{ path: 'archived_at' }] }]);
    expect((await json('list', '--search', 'order.')).json).toMatchObject([{ versions: [1, 2] }]);
  });

  test('names wrong definitions without asking the server', async () => {
    const wrong = await run('push', writeOrders({ type: 'webhook.sent' }, { audience: 'all' }), '--url', 'http://127.0.0.1:1');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(
      /cannot be used:\n {2}the file, types\[0\]: type: is reserved.*\n {2}the file, types\[1\]: audience: /,
    );
  });
});
