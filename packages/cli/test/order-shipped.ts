import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const schemaWith = (...names: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  required: names,
});

/** The definition of a type that no new installation has. */
export const order = {
  type: 'order.shipped',
  description: 'An order was shipped.',
  audience: 'everyone',
  schema: schemaWith('order_id'),
  examples: [{ order_id: '1' }],
};

/** The type as version 1, and with another required field as version 2. */
export const first = { version: 1 };
export const second = { version: 2, schema: schemaWith('order_id', 'carrier'), examples: [] };

/** Writes definitions into a JSON file and returns its path. Each is `order` with other fields. */
export function writeOrders(...definitions: object[]): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
  writeFileSync(path, JSON.stringify(definitions.map((fields) => ({ ...order, ...fields }))));
  return path;
}
