import { z } from 'zod';
import type { WebhookStats } from '@tidings/database';
import { MAX_PREVIOUS_SECRETS } from '@tidings/secrets';
import { route, type Route } from '../openapi/route.js';
import { page, pageOf, toPage } from '../http/pages.js';
import { notFound, Problem } from '../problems/problem.js';
import { ownerDisabled } from '../owners/owner-disabled.js';
import type { registrationSchemas } from './registration.js';
import type { Registry } from './registry.js';
import { statsToJson, webhookStatsJson } from './stats.js';
import type { TestWebhook } from './test-webhook.js';
import { testJson, testToJson, webhookJson, webhookToJson, webhookWithSecretJson } from './view.js';

interface WebhookRoutesParts {
  registry: Registry;
  testWebhook: TestWebhook;
  schemas: ReturnType<typeof registrationSchemas>;
  /** How webhooks have done lately. */
  readStats: (webhookIds: readonly string[]) => Promise<WebhookStats[]>;
}

const DAY_S = 86_400;
const OVERLAP = `must be a whole number of seconds from 0 to ${String(7 * DAY_S)}`;
const rotation = z
  .strictObject({
    overlap_s: z
      .int(OVERLAP)
      .min(0, OVERLAP)
      .max(7 * DAY_S, OVERLAP)
      .default(DAY_S),
  })
  .default({ overlap_s: DAY_S });

/** Why there is nothing to tell of a test. */
const NO_ANSWER = {
  away: new Problem(503, 'Tests are not available', {
    detail: 'Redis, which passes tests on to workers, is away. Try again.',
    headers: { 'retry-after': '1' },
  }),
  failed: new Problem(503, 'The test could not be made', {
    detail: 'A worker could not read or sign it, and sent nothing: its log says why.',
  }),
  withdrawn: new Problem(504, 'No worker took the test', {
    detail: 'None had a place for it in time. It was taken back: nothing was sent, and nothing will be.',
  }),
  unheard: new Problem(504, 'The worker did not answer', {
    detail: 'It took the test, and was stopped or cut off. The request may have been sent, once; it is not sent again.',
  }),
};

const ONE = '/api/webhooks/{id}';

/** The registrations of the caller. Somebody else's id is a 404, as one that does not exist (I7). */
export function webhookRoutes({ registry, testWebhook, schemas, readStats }: WebhookRoutesParts): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/api/webhooks',
        summary: 'Registers a webhook',
        description: 'Answers with its `secret`, the only time it is shown.',
        access: 'owner',
        body: { schema: schemas.create, example: { url: 'https://example.com/hook', event_types: ['sync.*'] } },
        answers: {
          201: { description: 'The webhook, with its secret.', schema: webhookWithSecretJson },
          409: { description: 'The user has as many as one may have.' },
        },
      },
      async ({ caller, body }, response) => {
        const registered = await registry.register(caller.owner, body);
        if (!registered.registered) {
          if (registered.limit === null) throw ownerDisabled();
          throw new Problem(409, 'Too many webhooks', {
            detail: `You may have ${String(registered.limit)} webhooks. Delete one that is no longer needed.`,
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
        access: 'owner',
        query: z.strictObject(page),
        answers: { 200: { description: 'A page of them.', schema: pageOf(webhookJson) } },
      },
      async ({ caller, query: { limit, cursor } }, response) => {
        const webhooks = await registry.list(caller.owner, { limit: limit + 1, cursor });
        response.json(toPage(webhooks, limit, (webhook) => webhookToJson(webhook)));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/webhooks/stats',
        summary: "How the caller's webhooks have done lately",
        description:
          'In the order and the pages of the list. Counted are the deliveries of the last 24 hours, or the newest 1,000 of a webhook where those do not reach as far: `since` says from when.',
        access: 'owner',
        query: z.strictObject(page),
        answers: { 200: { description: 'A page of them.', schema: pageOf(webhookStatsJson) } },
      },
      async ({ caller, query: { limit, cursor } }, response) => {
        const { data, next_cursor } = toPage(
          await registry.list(caller.owner, { limit: limit + 1, cursor }),
          limit,
          ({ id }) => id,
        );
        const stats = data.length === 0 ? [] : await readStats(data);
        response.json({ data: stats.map(statsToJson), next_cursor });
      },
    ),

    route(
      {
        method: 'get',
        path: ONE,
        summary: 'One webhook',
        access: 'owner',
        params: { id: 'webhook' },
        answers: { 200: { description: 'The webhook.', schema: webhookJson } },
      },
      async ({ caller, params: { id } }, response) => {
        const webhook = await registry.find(caller.owner, id);
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
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: schemas.change, example: { description: 'Mine', event_types: ['*'] } },
        answers: {
          200: { description: 'The whole webhook.', schema: webhookJson },
          409: { description: 'An operator disabled it, and the body would enable it.' },
        },
      },
      async ({ caller, params: { id }, body }, response) => {
        const changed = await registry.change(caller.owner, id, body);
        if (!changed) throw notFound('webhook', id);
        if (!changed.changed) {
          throw new Problem(409, 'An operator disabled the webhook', {
            detail: `"${id}" can be enabled by whoever runs this server only: ask them. Nothing was changed.`,
          });
        }
        response.json(webhookToJson(changed.webhook));
      },
    ),

    route(
      {
        method: 'delete',
        path: ONE,
        summary: 'Removes a webhook',
        description: 'Its pending deliveries are cancelled; its log stays readable by delivery id.',
        access: 'owner',
        params: { id: 'webhook' },
        answers: { 204: { description: 'It is gone.' } },
      },
      async ({ caller, params: { id } }, response) => {
        if (!(await registry.remove(caller.owner, id))) throw notFound('webhook', id);
        response.status(204).end();
      },
    ),

    route(
      {
        method: 'post',
        path: `${ONE}/rotate-secret`,
        summary: 'Gives a webhook a new secret',
        description:
          'Answers with the `secret`, the only time it is shown. Until the overlap is over, each request is signed with the earlier ones as well. `overlap_s: 0`, for a secret that leaked, ends all earlier ones at once.',
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: rotation, example: { overlap_s: 3600 } },
        answers: {
          200: { description: 'The webhook, with its new secret.', schema: webhookWithSecretJson },
          409: { description: 'As many earlier secrets sign as may.' },
        },
      },
      async ({ caller, params: { id }, body: { overlap_s: overlapS } }, response) => {
        const rotated = await registry.rotateSecret(caller.owner, id, overlapS);
        if (!rotated) throw notFound('webhook', id);
        if (!rotated.rotated) {
          throw new Problem(409, 'Too many secrets', {
            detail: `${String(MAX_PREVIOUS_SECRETS)} earlier secrets sign already. The first of them ends at ${rotated.nextEnd.toISOString()}: rotate then, or send {"overlap_s": 0}, which ends all of them at once. Nothing was changed.`,
          });
        }
        response.json({ ...webhookToJson(rotated.webhook), secret: rotated.secret });
      },
    ),

    route(
      {
        method: 'post',
        path: `${ONE}/test`,
        summary: 'Sends a `webhook.test` event now, and answers with what came back',
        description:
          'Signed and guarded like any other request, also while the webhook is disabled. It is in no log and is not tried again. Two tests of a webhook at the same time are one.',
        access: 'owner',
        params: { id: 'webhook' },
        answers: {
          200: { description: 'What the receiver answered, or why there was no answer.', schema: testJson },
          503: { description: 'Redis is away, or a worker could not make the request.' },
          504: { description: 'No worker took it, and nothing will be sent; or one did, and did not tell what came of it.' },
        },
      },
      async ({ caller, params: { id } }, response) => {
        if (!(await registry.find(caller.owner, id))) throw notFound('webhook', id);
        const answer = await testWebhook(caller.owner, id).catch(() => 'away' as const);
        if (answer === 'gone') throw notFound('webhook', id);
        if (typeof answer === 'string') throw NO_ANSWER[answer];
        response.json(testToJson(id, answer));
      },
    ),
  ];
}
