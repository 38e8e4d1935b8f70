import { z } from 'zod';
import { createCatalog } from '../src/catalog.js';
import { defineEvent } from '../src/define-event.js';

const shared = {
  type: 'order.placed',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'A customer placed an order.',
} as const;

/** The first version of an event type. */
export const orderPlaced1 = defineEvent({
  ...shared,
  version: 1,
  schema: z.strictObject({ org_id: z.string(), total: z.number() }),
  example: { org_id: 'acme', total: 12 },
});

/** Its second version, whose total is a text. */
export const orderPlaced2 = defineEvent({
  ...shared,
  version: 2,
  schema: z.strictObject({ org_id: z.string(), total: z.string() }),
  example: { org_id: 'acme', total: '12.00' },
});

/** A catalog with both versions. */
export const versionedCatalog = createCatalog([orderPlaced1, orderPlaced2]);
