import { z } from 'zod';
import { route, type Route } from '../openapi/route.js';
import { page, pageOf, toPage } from '../pages.js';
import { notFound, Problem } from '../problems/problem.js';
import type { registrationSchemas } from './registration.js';
import type { Registry } from './registry.js';
import { webhookJson, webhookToJson, webhookWithSecretJson } from './view.js';

interface WebhookRoutesParts {
  registry: Registry;
  schemas: ReturnType<typeof registrationSchemas>;
  /** How many webhooks a user may have, for the answer at the limit. */
  perUser: number;
}

const ONE = '/api/webhooks/{id}';

/** The registrations of the caller. Somebody else's id is a 404, as one that does not exist (I7). */
export function webhookRoutes({ registry, schemas, perUser }: WebhookRoutesParts): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/api/webhooks',
        summary: 'Registers a webhook',
        description: 'Answers with its `secret`, the only time it is shown.',
        access: 'user',
        body: { schema: schemas.create, example: { url: 'https://example.com/hook', event_types: ['sync.*'] } },
        answers: {
          201: { description: 'The webhook, with its secret.', schema: webhookWithSecretJson },
          409: { description: 'The user has as many as one may have.' },
        },
      },
      async ({ caller, body }, response) => {
        const registered = await registry.register(caller.userId, body);
        if (!registered.registered) {
          throw new Problem(409, 'Too many webhooks', {
            detail: `A user may have ${String(perUser)} webhooks. Delete one that is no longer needed.`,
          });
        }
        const { webhook, secret } = registered;
        response
          .status(201)
          .location(`/api/webhooks/${webhook.id}`)
          .json({ ...webhookToJson(webhook), secret });
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/webhooks',
        summary: "The caller's webhooks, newest first",
        access: 'user',
        query: z.strictObject(page),
        answers: { 200: { description: 'A page of them.', schema: pageOf(webhookJson) } },
      },
      async ({ caller, query: { limit, cursor } }, response) => {
        const webhooks = await registry.list(caller.userId, { limit: limit + 1, cursor });
        response.json(toPage(webhooks, limit, (webhook) => webhookToJson(webhook)));
      },
    ),

    route(
      {
        method: 'get',
        path: ONE,
        summary: 'One webhook',
        access: 'user',
        params: { id: 'webhook' },
        answers: { 200: { description: 'The webhook.', schema: webhookJson } },
      },
      async ({ caller, params: { id } }, response) => {
        const webhook = await registry.find(caller.userId, id);
        if (!webhook) throw notFound('webhook', id);
        response.json(webhookToJson(webhook));
      },
    ),

    route(
      {
        method: 'patch',
        path: ONE,
        summary: 'Changes the fields that the body names',
        description:
          '`enabled: false` cancels what is pending; `true` forgets how it failed, as another `url` does. `retry` is replaced as a whole; null: the policy of the system.',
        access: 'user',
        params: { id: 'webhook' },
        body: { schema: schemas.change, example: { description: 'Mine', event_types: ['*'] } },
        answers: { 200: { description: 'The whole webhook.', schema: webhookJson } },
      },
      async ({ caller, params: { id }, body }, response) => {
        const webhook = await registry.change(caller.userId, id, body);
        if (!webhook) throw notFound('webhook', id);
        response.json(webhookToJson(webhook));
      },
    ),

    route(
      {
        method: 'delete',
        path: ONE,
        summary: 'Removes a webhook',
        description: 'Its pending deliveries are cancelled; its log stays readable by delivery id.',
        access: 'user',
        params: { id: 'webhook' },
        answers: { 204: { description: 'It is gone.' } },
      },
      async ({ caller, params: { id } }, response) => {
        if (!(await registry.remove(caller.userId, id))) throw notFound('webhook', id);
        response.status(204).end();
      },
    ),
  ];
}
