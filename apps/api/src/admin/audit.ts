import { z } from 'zod';
import type { AuditEntry, Database } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { page, pageOf, toPage } from '../http/pages.js';
import { ofOwner, ofWebhook } from './filters.js';
import { ADMIN } from './scope.js';

const auditEntryJson = z
  .strictObject({
    id: z.string(),
    at: z.date(),
    actor: z.string().describe('A user id; `tidings`, when it was Tidings itself.'),
    action: z
      .string()
      .describe(
        'webhook.created, .changed, .deleted, .enabled, .disabled, .paused or .resumed; secret.rotated or .resealed; owner.changed; deliveries.paused or .resumed.',
      ),
    owner: z.string().nullable().describe('Whose it is.'),
    webhook_id: z.string().nullable(),
    details: z
      .record(z.string(), z.strictObject({ from: z.unknown(), to: z.unknown() }).partial())
      .describe('By field: from what to what. Of what is secret, only that it changed.'),
  })
  .meta({ id: 'AuditEntry' });

const CURSOR = 'must be the next_cursor of an earlier page';
const query = z.strictObject({
  ...page,
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, CURSOR)
    .optional()
    .meta({ description: 'The `next_cursor` of the page before.' }),
  owner: ofOwner,
  webhook_id: ofWebhook,
});

/** What was changed, by whom: every change of webhooks and their secrets, and what operators did. */
export function auditRoutes({ prisma }: Pick<Database, 'prisma'>): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/audit',
        summary: 'What was changed, by whom, newest first',
        access: ADMIN,
        query,
        answers: { 200: { description: 'A page of it.', schema: pageOf(auditEntryJson) } },
      },
      async ({ query: { limit, cursor, owner, webhook_id: webhookId } }, response) => {
        const entries = await prisma.auditEntry.findMany({
          where: {
            ...(cursor === undefined ? {} : { id: { lt: BigInt(cursor) } }),
            ...(owner === undefined ? {} : { owner }),
            ...(webhookId === undefined ? {} : { webhookId }),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
        });
        response.json(toPage(entries.map(toJson), limit, (entry) => entry));
      },
    ),
  ];
}

function toJson({ id, at, actor, action, owner, webhookId, details }: AuditEntry): z.output<typeof auditEntryJson> {
  return {
    id: String(id),
    at,
    actor,
    action,
    owner,
    webhook_id: webhookId,
    details: details as z.output<typeof auditEntryJson>['details'],
  };
}
