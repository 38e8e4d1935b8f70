import { createCatalog, defineEvent, syncCompleted } from '@tidings/events';
import { z } from 'zod';

/** A type whose owner is an organisation. */
export const invoicePaid = defineEvent({
  type: 'invoice.paid',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'An invoice was paid.',
  schema: z.strictObject({ org_id: z.string() }),
  example: { org_id: 'acme' },
});

/** As a platform exports it: the catalog has the definition that is exported, too. */
export const catalog = createCatalog([invoicePaid, syncCompleted]);

const orderShipped = { type: 'order.shipped', audience: 'everyone', description: 'An order was shipped.' } as const;

/** A type in two versions, which no catalog holds together: the first drops unknown fields, and the second keeps them. */
export const orders = [
  defineEvent({ ...orderShipped, version: 1, schema: z.object({ order_id: z.string() }), example: { order_id: '1' } }),
  defineEvent({ ...orderShipped, version: 2, schema: z.looseObject({ order_id: z.string() }), example: { order_id: '1' } }),
];
