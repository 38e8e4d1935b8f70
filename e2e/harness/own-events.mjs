import { createCatalog, defineEvent } from '@tidings/events/define';
import { z } from 'zod';

export const invoicePaid = defineEvent({
  type: 'invoice.paid',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'An invoice was paid.',
  schema: z.strictObject({ org_id: z.string(), amount: z.number() }),
  example: { org_id: 'acme', amount: 12.5 },
});

export const memberInvited = defineEvent({
  type: 'member.invited',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'A member was invited.',
  schema: z.strictObject({ org_id: z.string(), email: z.email() }),
  example: { org_id: 'acme', email: 'new@acme.example' },
});

const planChanged = defineEvent({
  type: 'plan.changed',
  audience: 'everyone',
  description: 'The prices of a plan changed.',
  schema: z.strictObject({ plan: z.string() }),
  example: { plan: 'team' },
});

export const catalog = createCatalog([invoicePaid, memberInvited, planChanged]);
