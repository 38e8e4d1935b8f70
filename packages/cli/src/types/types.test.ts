import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { first, second, writeOrders } from '../../test/order-shipped.js';
import { startRegistry, type Registry } from '../../test/registry.js';

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => {
  registry.close();
});
const run = (...args: string[]) => registry.terminal.run(['types', ...args]);
const json = (...args: string[]) => registry.terminal.json(['types', ...args]);

describe('tidings types default', () => {
  test('makes a version the default one', async () => {
    await run('push', writeOrders(first, { version: 2 }));
    expect(await run('default', 'order.shipped', '2')).toMatchObject({
      code: 0,
      out: 'order.shipped: default version 1 → 2\n  → wh_1 of alice (*)',
    });
    expect((await json('list', '--search', 'order.')).json).toMatchObject([{ version: 2, default_version: 2, versions: [1, 2] }]);
  });

  test('asks for --yes when that breaks somebody', async () => {
    await run('push', writeOrders(first, second));
    const asked = await run('default', 'order.shipped', '2');
    expect(asked.code).toBe(1);
    expect(asked.out).toMatch(/✗ data\.carrier: .*breaks publishers\]\n {2}→ wh_1 of alice/);
    expect(asked.err).toContain('order.shipped version 2 breaks publishers of version 1. Nothing was written: --yes');
    expect(registry.writes).toHaveLength(2);
    const { code, json: printed } = await json('default', 'order.shipped', '2', '--yes');
    expect({ code, printed }).toMatchObject({ code: 0, printed: { was: 1, version: 2, written: true, breaks: ['publishers'] } });
    expect(registry.writes).toHaveLength(3);
  });

  test.each([
    ['order.shipped', '9', 3],
    ['order.shipped', '0', 2],
    ['order.shipped', 'two', 2],
  ])('refuses %s %s', async (type, version, expected) => {
    await run('push', writeOrders(first));
    expect((await run('default', type, version)).code).toBe(expected);
  });
});

describe('tidings types list', () => {
  test('prints all pages as a table', async () => {
    await run('push', writeOrders({ ...first, group: 'orders' }, { ...second, group: 'orders' }));
    const lines = (await run('list')).out.split('\n');
    expect(lines[0]).toMatch(/^TYPE +DEFAULT +VERSIONS +AUDIENCE +GROUP +STATE$/);
    expect(lines).toHaveLength(7);
    expect(lines.at(-1)).toMatch(/^order\.shipped +1 +1,2 +everyone +orders +active$/);
    expect(lines.find((line) => line.startsWith('sync.failed'))).toMatch(/ owner \(user_id\) /);
  });

  test('selects by text, group and archive', async () => {
    await run('push', writeOrders({ group: 'orders' }));
    expect((await json('list', '--search', 'sync')).json).toHaveLength(2);
    expect((await json('list', '--group', 'orders')).json).toMatchObject([{ type: 'order.shipped' }]);
    expect((await run('list', '--archived')).out).toBe('No event types match.');
    await run('archive', 'order.shipped');
    expect((await run('list', '--archived')).out).toMatch(/\norder\.shipped .* archived$/);
  });
});

describe('tidings types deprecate', () => {
  test('names the replacement, and takes it back', async () => {
    const deprecated = await run('deprecate', 'sync.failed', '--replaced-by', 'sync.completed');
    expect(deprecated).toMatchObject({ code: 0, out: 'sync.failed is deprecated: sync.completed replaces it.' });
    expect((await run('list', '--search', 'sync.failed')).out).toContain('deprecated (use sync.completed)');
    expect(await run('deprecate', 'sync.failed', '--undo')).toMatchObject({
      code: 0,
      out: 'sync.failed is not deprecated any more.',
    });
    expect((await run('deprecate', 'sync.failed', '--undo', '--replaced-by', 'sync.completed')).code).toBe(2);
  });
});

describe('tidings types archive', () => {
  test('archives a type, or one version', async () => {
    await run('push', writeOrders(first, second));
    expect(await run('archive', 'order.shipped', '--version', '2')).toMatchObject({ out: 'Archived order.shipped version 2.' });
    expect((await json('archive', 'order.shipped')).json).toEqual({ type: 'order.shipped', version: null, archived: true });
    expect(registry.writes.slice(2)).toEqual(['DELETE order.shipped 2', 'DELETE order.shipped']);
  });

  test('reports an unknown type', async () => {
    expect((await run('archive', 'order.shipped')).code).toBe(3);
  });
});

describe('tidings types pull', () => {
  test('writes every version of every type, which a push then finds unchanged', async () => {
    await run('push', writeOrders(first, { ...second, unknown_fields: 'keep' }));
    const path = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
    expect(await run('pull', '--json-schema', '--out', path)).toMatchObject({ code: 0, err: `6 types written to ${path}` });
    const { json: pushed } = await json('push', path);
    expect(pushed.types).toHaveLength(7);
    expect(pushed.types.every(({ status }: { status: string }) => status === 'unchanged')).toBe(true);
    expect((await run('pull', '--json-schema')).out).toContain('"unknown_fields": "keep"');
  });

  test('writes a type of TypeScript for each version', async () => {
    await run('push', writeOrders(first, second));
    const { out } = await run('pull', '--typescript');
    expect(out).toContain(
      '"order.shipped": {\n    1: Events["order.shipped"];\n    2: {\n      order_id: string;\n      carrier: string;\n',
    );
  });
});
