import { createCatalog, defineEvent, syncCompleted } from '@tidings/events';
import { z } from 'zod';

/** A type that no new installation has, whose owner is an organisation. */
export const invoicePaid = defineEvent({
  type: 'invoice.paid',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'An invoice was paid.',
  schema: z.strictObject({ org_id: z.string(), amount: z.number().min(0), contact: z.email().optional() }),
  example: { org_id: 'acme', amount: 12.5, contact: 'billing@acme.example' },
});

/** As a platform exports it: the catalog has the definition that is exported, too. */
export const catalog = createCatalog([invoicePaid, syncCompleted]);
