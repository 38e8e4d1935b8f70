import { z } from 'zod';
import { lockOwner, readOwnersByLoad, setActor, type Database, type OwnerLoad } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { page } from '../http/pages.js';
import { disabledByOperator, ENABLED_BY_OPERATOR } from '../webhooks/columns.js';
import type { OwnerSettings } from '../owners/settings.js';
import { ADMIN } from './scope.js';

const ownerJson = z
  .strictObject({
    owner: z.string(),
    webhooks: z.int(),
    pending: z.int().describe('Deliveries under way; at most 10,000 of each webhook are counted.'),
    attempts: z.int().describe('For their webhooks, in the last hour.'),
    failed: z.int(),
    busy_ms: z.int().describe('How long these took, all together.'),
    disabled: z.boolean(),
    webhooks_limit: z.int().nullable().describe('How many webhooks they may have; null: as the system says.'),
    requests_per_minute: z.int().nullable().describe('How many requests they may make; null: as the system says.'),
  })
  .meta({ id: 'Owner' });

const change = z
  .strictObject({
    disabled: z.boolean(),
    webhooks_limit: z.int().min(0).max(10_000).nullable(),
    requests_per_minute: z.int().min(1).max(10_000_000).nullable(),
  })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must name at least one field to change');

const ONE = '/api/admin/owners/{owner}';

interface OwnerRoutesParts {
  database: Database;
  settings: Pick<OwnerSettings, 'refresh'>;
  /** Cancels what is pending for a webhook. */
  cancel: (webhookId: string) => Promise<void>;
}

/** Users as operators see them: what they cause, and what is decided about them. */
export function ownerRoutes({ database, settings, cancel }: OwnerRoutesParts): Route[] {
  const sql = database.pool;
  const read = async (owner: string): Promise<OwnerLoad> => (await readOwnersByLoad(sql, { owner, limit: 1 }))[0] as OwnerLoad;

  return [
    route(
      {
        method: 'get',
        path: '/api/admin/owners',
        summary: 'Users by what was attempted for them in the last hour, most first',
        access: ADMIN,
        query: z.strictObject({ limit: page.limit }),
        answers: { 200: { description: 'The first of them.', schema: z.strictObject({ data: z.array(ownerJson) }) } },
      },
      async ({ query: { limit } }, response) => {
        response.json({ data: (await readOwnersByLoad(sql, { owner: null, limit })).map(toJson) });
      },
    ),

    route(
      {
        method: 'get',
        path: ONE,
        summary: 'One user',
        description: 'Whom the tokens name is known to whoever makes them: a user without webhooks is answered with zeros.',
        access: ADMIN,
        params: { owner: 'owner' },
        answers: { 200: { description: 'The user.', schema: ownerJson } },
      },
      async ({ params }, response) => {
        response.json(toJson(await read(params.owner)));
      },
    ),

    route(
      {
        method: 'patch',
        path: ONE,
        summary: 'Disables or enables a user, or sets their limits',
        description:
          'A disabled user is answered with 403 within two seconds, their streams end, and their webhooks are disabled, with what is pending cancelled. Enabling them enables those webhooks as well.',
        access: ADMIN,
        params: { owner: 'owner' },
        body: { schema: change, example: { webhooks_limit: 50 } },
        answers: { 200: { description: 'The user.', schema: ownerJson } },
      },
      async ({ caller, params: { owner }, body }, response) => {
        const disabled = await changeOwner(database, owner, body, caller.owner);
        for (const id of disabled) await cancel(id);
        await settings.refresh();
        response.json(toJson(await read(owner)));
      },
    ),
  ];
}

/** Answers with the webhooks that it disabled. */
async function changeOwner({ prisma }: Database, owner: string, body: z.output<typeof change>, actor: string): Promise<string[]> {
  return prisma.$transaction(async (transaction) => {
    await lockOwner(transaction, owner);
    await setActor(transaction, actor);
    const before = await transaction.ownerSettings.findUnique({ where: { owner } });
    const disabledAt = before?.disabledAt ?? null;
    const { disabled = disabledAt !== null } = body;
    const after = {
      disabledAt: disabled ? (disabledAt ?? new Date()) : null,
      webhooksLimit: body.webhooks_limit === undefined ? (before?.webhooksLimit ?? null) : body.webhooks_limit,
      requestsPerMinute: body.requests_per_minute === undefined ? (before?.requestsPerMinute ?? null) : body.requests_per_minute,
    };
    const details = changes({ disabled: disabledAt !== null, ...before }, { disabled, ...after });
    if (Object.keys(details).length === 0) return [];
    await transaction.ownerSettings.upsert({ where: { owner }, create: { owner, ...after }, update: after });
    await transaction.auditEntry.create({ data: { actor, action: 'owner.changed', owner, details } });
    if (disabledAt === null && after.disabledAt !== null) {
      const webhooks = await transaction.webhook.findMany({ where: { owner, enabled: true }, select: { id: true } });
      await transaction.webhook.updateMany({ where: { owner, enabled: true }, data: disabledByOperator(after.disabledAt) });
      return webhooks.map(({ id }) => id);
    }
    if (disabledAt !== null && after.disabledAt === null) {
      // Those that were disabled with the user, by that moment, and not those that were before.
      await transaction.webhook.updateMany({
        where: { owner, disabledReason: 'operator', disabledAt },
        data: ENABLED_BY_OPERATOR,
      });
    }
    return [];
  });
}

interface Decided {
  disabled: boolean;
  webhooksLimit?: number | null;
  requestsPerMinute?: number | null;
}

function changes(
  before: Decided,
  after: Decided,
): Record<string, { from: boolean | number | null; to: boolean | number | null }> {
  const fields = { disabled: 'disabled', webhooks_limit: 'webhooksLimit', requests_per_minute: 'requestsPerMinute' } as const;
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, field]) => [name, { from: before[field] ?? null, to: after[field] ?? null }] as const)
      .filter(([, { from, to }]) => from !== to),
  );
}

function toJson(user: OwnerLoad): z.output<typeof ownerJson> {
  return {
    owner: user.owner,
    webhooks: user.webhooks,
    pending: user.pending,
    attempts: user.attempts,
    failed: user.failed,
    busy_ms: user.busyMs,
    disabled: user.disabledAt !== null,
    webhooks_limit: user.webhooksLimit,
    requests_per_minute: user.requestsPerMinute,
  };
}
