import type { Catalog, CatalogEvent, EventDefinition } from '@tidings/events';
import type { z } from 'zod';

export declare const invoicePaid: EventDefinition<'invoice.paid', z.ZodObject<{ org_id: z.ZodString; amount: z.ZodNumber }>>;
export declare const memberInvited: EventDefinition<'member.invited', z.ZodObject<{ org_id: z.ZodString; email: z.ZodEmail }>>;
declare const planChanged: EventDefinition<'plan.changed', z.ZodObject<{ plan: z.ZodString }>>;
export declare const catalog: Catalog<CatalogEvent<[typeof invoicePaid, typeof memberInvited, typeof planChanged]>>;
