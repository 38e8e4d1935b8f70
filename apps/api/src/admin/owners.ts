import { z } from 'zod';
import { lockOwner, readOwnersByLoad, setActor, type Database, type OwnerLoad, type Queryable } from '@tidings/database';
import { changeOf } from '../http/change-of.js';
import { route, type Route } from '../openapi/route.js';
import { page } from '../http/pages.js';
import { disabledByOperator, ENABLED_BY_OPERATOR } from '../webhooks/columns.js';
import type { OwnerSettings } from '../owners/settings.js';
import { ADMIN } from './scope.js';

const ownerJson = z
  .strictObject({
    owner: z.string(),
    webhooks: z.int(),
    pending: z.int().describe('Pending deliveries; at most 10,000 of each webhook are counted.'),
    attempts: z.int().describe('Attempts of deliveries to these webhooks in the last hour.'),
    failed: z.int().describe('Failed attempts in the last hour.'),
    busy_ms: z.int().describe('Total duration of the attempts of the last hour.'),
    disabled: z.boolean(),
    webhooks_limit: z
      .int()
      .nullable()
      .describe('The most webhooks that the owner may have; null: the default of the installation.'),
    requests_per_minute: z
      .int()
      .nullable()
      .describe('The most requests to the API in a minute; null: the default of the installation.'),
  })
  .meta({ id: 'Owner' });

const ownerListJson = z.strictObject({ data: z.array(ownerJson) }).meta({ id: 'OwnerList' });

const change = changeOf(
  {
    disabled: z.boolean(),
    webhooks_limit: z.int().min(0).max(10_000).nullable(),
    requests_per_minute: z.int().min(1).max(10_000_000).nullable(),
  },
  'OwnerChange',
);

const ONE = '/api/admin/owners/{owner}';

interface OwnerRoutesParts {
  database: Database;
  reading: Queryable;
  settings: Pick<OwnerSettings, 'refresh'>;
}

/** The routes with which operators list owners, disable or enable them, and set their limits. */
export function ownerRoutes({ database, reading, settings }: OwnerRoutesParts): Route[] {
  const read = async (owner: string): Promise<OwnerLoad> =>
    (await readOwnersByLoad(reading, { owner, limit: 1 }))[0] as OwnerLoad;

  return [
    route(
      {
        method: 'get',
        path: '/api/admin/owners',
        operationId: 'listOwners',
        summary: 'Owners by their attempts in the last hour, highest number first',
        access: ADMIN,
        query: z.strictObject({ limit: page.limit }),
        responses: { 200: { description: 'The first `limit` owners.', schema: ownerListJson } },
      },
      async ({ query: { limit } }, response) => {
        response.json({ data: (await readOwnersByLoad(reading, { owner: null, limit })).map(toJson) });
      },
    ),

    route(
      {
        method: 'get',
        path: ONE,
        operationId: 'getOwner',
        summary: 'One owner',
        description: 'Tidings has no table of owners: an unknown id returns zero counts.',
        access: ADMIN,
        params: { owner: 'owner' },
        responses: { 200: { description: 'The owner.', schema: ownerJson } },
      },
      async ({ params }, response) => {
        response.json(toJson(await read(params.owner)));
      },
    ),

    route(
      {
        method: 'patch',
        path: ONE,
        operationId: 'changeOwner',
        summary: 'Disables or enables an owner, or sets the limits of an owner',
        description:
          'Within two seconds after an owner is disabled, their requests get a 403 and their streams end. Their enabled webhooks are disabled, and the pending deliveries skipped. Enabling the owner enables those webhooks again.',
        access: ADMIN,
        params: { owner: 'owner' },
        body: { schema: change, example: { webhooks_limit: 50 } },
        responses: { 200: { description: 'The changed owner.', schema: ownerJson } },
      },
      async ({ caller, params: { owner }, body }, response) => {
        await changeOwner(database, owner, body, caller.owner);
        await settings.refresh();
        response.json(toJson(await read(owner)));
      },
    ),
  ];
}

/**
 * Changes the settings of an owner, and disables or enables the owner's webhooks. The webhooks' rows are written last, so that
 * they are locked only until the commit that follows at once.
 */
async function changeOwner({ prisma }: Database, owner: string, body: z.output<typeof change>, actor: string): Promise<void> {
  await prisma.$transaction(async (transaction) => {
    await lockOwner(transaction, owner);
    await setActor(transaction, { id: actor, kind: 'operator' });
    const before = await transaction.ownerSettings.findUnique({ where: { owner } });
    const disabledAt = before?.disabledAt ?? null;
    const { disabled = disabledAt !== null } = body;
    const after = {
      disabledAt: disabled ? (disabledAt ?? new Date()) : null,
      webhooksLimit: body.webhooks_limit === undefined ? (before?.webhooksLimit ?? null) : body.webhooks_limit,
      requestsPerMinute: body.requests_per_minute === undefined ? (before?.requestsPerMinute ?? null) : body.requests_per_minute,
    };
    const details = changes({ disabled: disabledAt !== null, ...before }, { disabled, ...after });
    if (Object.keys(details).length === 0) return;
    await transaction.ownerSettings.upsert({ where: { owner }, create: { owner, ...after }, update: after });
    await transaction.auditEntry.create({ data: { actor, actorKind: 'operator', action: 'owner.changed', owner, details } });
    if (disabledAt === null && after.disabledAt !== null) {
      await transaction.webhook.updateMany({ where: { owner, enabled: true }, data: disabledByOperator(after.disabledAt) });
    }
    if (disabledAt !== null && after.disabledAt === null) {
      // The same `disabledAt` marks the webhooks that were disabled together with the owner. Others stay disabled.
      await transaction.webhook.updateMany({
        where: { owner, disabledReason: 'operator', disabledAt },
        data: ENABLED_BY_OPERATOR,
      });
    }
  });
}

interface AuditedSettings {
  disabled: boolean;
  webhooksLimit?: number | null;
  requestsPerMinute?: number | null;
}

function changes(
  before: AuditedSettings,
  after: AuditedSettings,
): Record<string, { from: boolean | number | null; to: boolean | number | null }> {
  const fields = { disabled: 'disabled', webhooks_limit: 'webhooksLimit', requests_per_minute: 'requestsPerMinute' } as const;
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, field]) => [name, { from: before[field] ?? null, to: after[field] ?? null }] as const)
      .filter(([, { from, to }]) => from !== to),
  );
}

function toJson(load: OwnerLoad): z.output<typeof ownerJson> {
  return {
    owner: load.owner,
    webhooks: load.webhooks,
    pending: load.pending,
    attempts: load.attempts,
    failed: load.failed,
    busy_ms: load.busyMs,
    disabled: load.disabledAt !== null,
    webhooks_limit: load.webhooksLimit,
    requests_per_minute: load.requestsPerMinute,
  };
}
