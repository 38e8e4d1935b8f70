import { z } from 'zod';
import { pauseWebhook, updateWebhook, type Database, type Webhook } from '@tidings/database';
import type { KnownTypes } from '../events/types-parameter.js';
import type { Seal } from '@tidings/secrets';
import { selectionSchemas } from '../deliveries/selection.js';
import type { Admit } from '../deliveries/admit.js';
import type { DeliveryLog } from '../deliveries/delivery-log.js';
import { listPage } from '../deliveries/list-page.js';
import { attemptsQuery, deliveryJson, deliveryWithAttemptsJson, deliveryWithAttemptsToJson } from '../deliveries/view.js';
import { changeOf } from '../http/change-of.js';
import { route, type Route } from '../openapi/route.js';
import { readCursor } from '../http/cursor.js';
import { page, pageOf, toPage } from '../http/pages.js';
import { notFound } from '../problems/problem.js';
import { disabledByOperator, ENABLED_BY_OPERATOR } from '../webhooks/columns.js';
import { createOpener } from '../webhooks/open-webhook.js';
import { webhookJson, webhookToJson, type WebhookView } from '../webhooks/view.js';
import { ownerFilter } from './filters.js';
import { ADMIN } from './scope.js';

const ownedWebhookJson = webhookJson
  .extend({ owner: z.string().describe('The owner of the webhook.') })
  .meta({ id: 'OwnedWebhook' });

/** The condition on table `webhooks` for each value of `?state=`. */
const STATES = {
  failing: { enabled: true, failingSince: { not: null } },
  disabled: { enabled: false },
  paused: { OR: [{ pausedAt: { not: null } }, { ownerPausedAt: { not: null } }] },
  unverified: { unverifiedSince: { not: null } },
  circuit_open: { enabled: true, circuitOpenedAt: { not: null } },
} satisfies Record<string, object>;

const listQuery = z.strictObject({
  ...page,
  state: z
    .enum(
      ['failing', 'disabled', 'paused', 'unverified', 'circuit_open'],
      'must be failing, disabled, paused, unverified or circuit_open',
    )
    .describe('`unverified`: they wait until their URL is verified; `verification` says why the last challenge failed.')
    .optional(),
  owner: ownerFilter,
});

const change = changeOf({ enabled: z.boolean(), paused: z.boolean() }, 'OwnedWebhookChange');

const ONE = '/api/admin/webhooks/{id}';
/** The name of the list of webhooks of all owners, for its cursors. */
const LIST = 'webhooks of all owners';

interface AdminWebhookParts {
  database: Pick<Database, 'pool' | 'prisma'>;
  reading: Database['prisma'];
  seal: Seal;
  deliveries: DeliveryLog;
  eventTypes: KnownTypes;
  admit: Admit;
}

/**
 * The routes with which operators read webhooks and deliveries of every owner, and disable, enable, pause or resume a webhook.
 * No response contains a secret or the value of a header (I8).
 */
export function adminWebhookRoutes({ database, reading, seal, deliveries, eventTypes, admit }: AdminWebhookParts): Route[] {
  const { pool } = database;
  const { toView } = createOpener(seal);
  const schemas = selectionSchemas(eventTypes);
  const find = async (id: string, prisma = reading): Promise<Webhook> => {
    const webhook = await prisma.webhook.findUnique({ where: { id } });
    if (!webhook) throw notFound('webhook', id);
    return webhook;
  };
  const show = (webhook: Webhook): z.output<typeof ownedWebhookJson> => toJson(toView(webhook));

  return [
    route(
      {
        method: 'get',
        path: '/api/admin/webhooks',
        operationId: 'listWebhooksOfAnyOwner',
        summary: 'Webhooks of all owners, newest first',
        access: ADMIN,
        query: listQuery,
        responses: { 200: { description: 'A page of webhooks.', schema: pageOf(ownedWebhookJson) } },
      },
      async ({ query: { limit, cursor, state, owner } }, response) => {
        const before = readCursor(LIST, cursor);
        const webhooks = await reading.webhook.findMany({
          where: {
            ...(before === undefined ? {} : { id: { lt: before } }),
            ...(owner === undefined ? {} : { owner }),
            ...(state === undefined ? {} : STATES[state]),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
        });
        response.json(toPage(webhooks, { list: LIST, limit }, show));
      },
    ),

    route(
      {
        method: 'get',
        path: ONE,
        operationId: 'getWebhookOfAnyOwner',
        summary: 'One webhook of any owner',
        access: ADMIN,
        params: { id: 'webhook' },
        responses: { 200: { description: 'The webhook.', schema: ownedWebhookJson } },
      },
      async ({ params: { id } }, response) => {
        response.json(show(await find(id)));
      },
    ),

    route(
      {
        method: 'patch',
        path: ONE,
        operationId: 'changeWebhookOfAnyOwner',
        summary: 'Disables, enables, pauses or resumes a webhook',
        description:
          'While it is disabled, its pending and its new deliveries are `skipped`, and can be replayed later; the owner is notified and cannot enable the webhook. Pausing holds all deliveries until the resume; none is lost. `paused` changes the pause of the operators, and not that of the owner.',
        access: ADMIN,
        params: { id: 'webhook' },
        body: { schema: change, example: { paused: false } },
        responses: { 200: { description: 'The changed webhook.', schema: ownedWebhookJson } },
      },
      async ({ caller, params: { id }, body }, response) => {
        await find(id, database.prisma);
        if (body.paused !== undefined) await pauseWebhook(pool, id, body.paused, caller.owner);
        if (body.enabled !== undefined) {
          const fields = body.enabled ? ENABLED_BY_OPERATOR : disabledByOperator(new Date());
          await updateWebhook(pool, { id, actor: { id: caller.owner, kind: 'operator' }, fields });
        }
        if (body.paused === false) await admit([id]);
        response.json(show(await find(id, database.prisma)));
      },
    ),

    route(
      {
        method: 'get',
        path: `${ONE}/deliveries`,
        operationId: 'listDeliveriesOfAnyOwner',
        namesEventTypes: true,
        summary: 'Deliveries of one webhook of any owner, newest first',
        access: ADMIN,
        params: { id: 'webhook' },
        query: schemas.list,
        responses: { 200: { description: 'A page of deliveries.', schema: pageOf(deliveryJson) } },
      },
      async ({ params: { id: webhookId }, query }, response) => {
        await find(webhookId);
        response.json(await listPage(deliveries, webhookId, query));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/admin/deliveries/{id}',
        operationId: 'getDeliveryOfAnyOwner',
        summary: 'One delivery of any owner, with its newest attempts',
        description: 'At most 100 attempts are returned: `before` reads those before them.',
        access: ADMIN,
        params: { id: 'delivery' },
        query: attemptsQuery,
        responses: { 200: { description: 'The delivery.', schema: deliveryWithAttemptsJson } },
      },
      async ({ params: { id }, query: { before } }, response) => {
        const found = await deliveries.findWithAttempts(null, id, before);
        if (!found) throw notFound('delivery', id);
        response.json(deliveryWithAttemptsToJson(found));
      },
    ),
  ];
}

function toJson(webhook: WebhookView): z.output<typeof ownedWebhookJson> {
  return { ...webhookToJson(webhook), owner: webhook.owner };
}
