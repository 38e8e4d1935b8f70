import { Router } from 'express';
import { z } from 'zod';
import { callerOf } from '../auth/authenticate.js';
import { page, toPage } from '../pages.js';
import { notFound, Problem } from '../problems/problem.js';
import { readBody, readQuery } from '../read-input.js';
import { onlyIdsOf } from '../resource-id.js';
import type { registrationSchemas } from './registration.js';
import type { Registry } from './registry.js';
import { webhookToJson } from './view.js';

const listQuery = z.strictObject(page);

interface WebhookRoutesParts {
  registry: Registry;
  schemas: ReturnType<typeof registrationSchemas>;
  /** How many webhooks a user may have, for the answer at the limit. */
  perUser: number;
}

/** `/api/webhooks`: the registrations of the caller. Somebody else's id is a 404, as one that does not exist (I7). */
export function webhookRoutes({ registry, schemas, perUser }: WebhookRoutesParts): Router {
  const router = Router();
  router.param('id', onlyIdsOf('webhook'));

  /** Registers a webhook: 201 with its `secret`, the only time it is shown. 400 names every wrong field; 409 at the limit. */
  router.post('/', async (request, response) => {
    const registered = await registry.register(callerOf(response).userId, readBody(request, schemas.create));
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
  });

  /** Lists the caller's webhooks, newest first: `?limit=&cursor=` → `{data, next_cursor}`. */
  router.get('/', async (request, response) => {
    const { limit, cursor } = readQuery(request, listQuery);
    const webhooks = await registry.list(callerOf(response).userId, { limit: limit + 1, cursor });
    response.json(toPage(webhooks, limit, (webhook) => webhookToJson(webhook)));
  });

  /** One webhook. 404 when the caller has none with this id. */
  router.get('/:id', async (request, response) => {
    const webhook = await registry.find(callerOf(response).userId, request.params.id);
    if (!webhook) throw notFound('webhook', request.params.id);
    response.json(webhookToJson(webhook));
  });

  /**
   * Changes the fields that the body names, and answers with the whole. `enabled: false` cancels what is pending; `true`
   * forgets how it failed, as another `url` does. `retry` is replaced as a whole; null: the system's policy.
   */
  router.patch('/:id', async (request, response) => {
    const change = readBody(request, schemas.change);
    const webhook = await registry.change(callerOf(response).userId, request.params.id, change);
    if (!webhook) throw notFound('webhook', request.params.id);
    response.json(webhookToJson(webhook));
  });

  /** Removes a webhook: 204. Its pending deliveries are cancelled; its log stays readable by delivery id. */
  router.delete('/:id', async (request, response) => {
    if (!(await registry.remove(callerOf(response).userId, request.params.id))) throw notFound('webhook', request.params.id);
    response.status(204).end();
  });

  return router;
}
