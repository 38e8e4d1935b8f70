import { createCatalog, defineEvent } from '@tidings/events';
import { z } from 'zod';

export const invoicePaid = defineEvent({
  type: 'invoice.paid',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'An invoice was paid.',
  schema: z.strictObject({ org_id: z.string(), amount: z.number() }),
  example: { org_id: 'acme', amount: 12.5 },
});

const orderShipped = defineEvent({
  type: 'order.shipped',
  audience: 'everyone',
  description: 'An order was shipped.',
  schema: z.strictObject({ order_id: z.string() }),
  example: { order_id: '4711' },
});

export const catalog = createCatalog([invoicePaid, orderShipped]);
