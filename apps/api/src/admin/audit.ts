import { z } from 'zod';
import { actorKindOf, type AuditEntry, type Database } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { CURSOR_RULE, readCursor } from '../http/cursor.js';
import { page, pageOf, toPage } from '../http/pages.js';
import { invalid } from '../problems/problem.js';
import { ownerFilter, webhookFilter } from './filters.js';
import { ADMIN } from './scope.js';

const auditEntryJson = z
  .strictObject({
    id: z.string(),
    at: z.date(),
    actor: z.string().describe('Who made the change: the id that the token names, or `tidings` for a change by Tidings itself.'),
    actor_kind: z
      .enum(['owner', 'operator', 'system'])
      .nullable()
      .describe(
        '`owner`: the owner of what was changed; `operator`: a token with the scope `admin`; `system`: Tidings itself, and nobody whose token names `tidings`. Null: the entry is from before kinds were recorded, and may be of Tidings or of an operator with this id.',
      ),
    action: z
      .string()
      .describe(
        'One of webhook.created, .changed, .deleted, .enabled, .disabled, .paused or .resumed; secret.rotated or .resealed; delivery.cancelled; owner.changed; deliveries.paused or .resumed; token.revoked; tokens.revoked.',
      ),
    owner: z.string().nullable().describe('The owner of what was changed.'),
    webhook_id: z.string().nullable(),
    details: z
      .record(z.string(), z.strictObject({ from: z.unknown(), to: z.unknown() }).partial().meta({ id: 'AuditedChange' }))
      .describe('The old and the new value of each changed field. The word `secret` replaces a secret value.'),
  })
  .meta({ id: 'AuditEntry' });

/** The name of the list, for its cursors. */
const LIST = 'audit log';
const ENTRY_ID = /^\d{1,18}$/;
const query = z.strictObject({
  ...page,
  owner: ownerFilter,
  webhook_id: webhookFilter,
});

/** The route of the audit log: every change of a webhook or its secrets, and every operator action, with its actor. */
export function auditRoutes({ prisma }: Pick<Database, 'prisma'>): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/audit',
        operationId: 'listAuditEntries',
        summary: 'The audit log: every change and its actor, newest first',
        access: ADMIN,
        query,
        responses: { 200: { description: 'A page of the audit log.', schema: pageOf(auditEntryJson) } },
      },
      async ({ query: { limit, cursor, owner, webhook_id: webhookId } }, response) => {
        const before = readCursor(LIST, cursor);
        // A checksum is no signature: the id may be anything.
        if (before !== undefined && !ENTRY_ID.test(before)) throw invalid([{ field: 'cursor', message: CURSOR_RULE }]);
        const entries = await prisma.auditEntry.findMany({
          where: {
            ...(before === undefined ? {} : { id: { lt: BigInt(before) } }),
            ...(owner === undefined ? {} : { owner }),
            ...(webhookId === undefined ? {} : { webhookId }),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
        });
        response.json(toPage(entries.map(toJson), { list: LIST, limit }, (entry) => entry));
      },
    ),
  ];
}

function toJson(entry: AuditEntry): z.output<typeof auditEntryJson> {
  const { id, at, actor, action, owner, webhookId, details } = entry;
  return {
    id: String(id),
    at,
    actor,
    actor_kind: actorKindOf(entry),
    action,
    owner,
    webhook_id: webhookId,
    details: details as z.output<typeof auditEntryJson>['details'],
  };
}
