import { createCatalog, defineEvent } from '@tidings/events/define';
import { z } from 'zod';

export const orderPlaced = defineEvent({
  type: 'order.placed',
  title: 'Order placed',
  group: 'Orders',
  description: 'A customer placed an order.',
  audience: 'owner',
  ownerField: 'org_id', // the field of the data that names the owner
  schema: z.strictObject({ org_id: z.string(), order_id: z.string(), total: z.number().min(0) }),
  example: { org_id: 'acme', order_id: 'A-1', total: 12.5 },
});

export const catalog = createCatalog([orderPlaced]);
