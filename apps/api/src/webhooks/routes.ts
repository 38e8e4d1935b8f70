import { z } from 'zod';
import type { EventTypes } from '@tidings/accept';
import type { WebhookHours, WebhookStats } from '@tidings/database';
import { MAX_PREVIOUS_SECRETS } from '@tidings/secrets';
import { route, type Route } from '../openapi/route.js';
import { readCursor } from '../http/cursor.js';
import { page, pageOf, toPage } from '../http/pages.js';
import { invalid, notFound, Problem } from '../problems/problem.js';
import { ownerDisabled } from '../owners/owner-disabled.js';
import { digestOf, idempotencyHeader, idempotencyKey, keyIsTaken } from '../http/idempotency-key.js';
import type { CountDestination } from '../limits/limits.js';
import type { registrationSchemas } from './registration.js';
import type { Registry } from './registry.js';
import { hourlyStatsJson, hourlyStatsQuery, hourlyStatsToJson, hoursOf } from './hourly-stats.js';
import { statsToJson, webhookStatsJson } from './stats.js';
import { testedJson, toTested } from './tested-type.js';
import type { TestWebhook } from './test-webhook.js';
import { webhookDisabled, webhookUnverified } from './nothing-is-sent.js';
import { testJson, testToJson, webhookJson, webhookToJson, webhookWithSecretJson } from './view.js';

interface WebhookRoutesParts {
  /** The path below which a proxy serves the API; empty: none. */
  basePath: string;
  registry: Registry;
  testWebhook: TestWebhook;
  eventTypes: Pick<EventTypes, 'refresh'>;
  countDestination: CountDestination;
  /** Whether a webhook with this URL gets no events until its receiver has answered a challenge. */
  mustVerify: (url: string) => boolean;
  schemas: ReturnType<typeof registrationSchemas>;
  /** Reads the statistics of these webhooks. */
  readStats: (webhookIds: readonly string[]) => Promise<WebhookStats[]>;
  /** Reads the attempts of a webhook in the present hour and so many hours before it. */
  readHours: (webhookId: string, hours: number) => Promise<WebhookHours>;
}

const DAY_S = 86_400;
const OVERLAP_RULE = `must be a whole number of seconds from 0 to ${String(7 * DAY_S)}`;
const rotation = z
  .strictObject({
    overlap_s: z
      .int(OVERLAP_RULE)
      .min(0, OVERLAP_RULE)
      .max(7 * DAY_S, OVERLAP_RULE)
      .default(DAY_S),
  })
  .meta({ id: 'SecretRotation' })
  .default({ overlap_s: DAY_S });

/** The headers may hold credentials for the receiver at the earlier origin. */
const HEADERS_STAY =
  'must be sent with a url of another origin: they are sent only to the one that they were given for. Send them again, or {}';

/** The problems for tests without a result. */
const TEST_PROBLEMS = {
  unavailable: new Problem(503, 'Tests are not available', {
    detail: 'Redis, which passes tests to workers, is not available. Try again.',
    headers: { 'retry-after': '1' },
  }),
  failed: new Problem(503, 'The test could not be sent', {
    detail: 'A worker could not read or sign it, and sent nothing. The log of the worker has the reason.',
  }),
  withdrawn: new Problem(504, 'No worker took the test', {
    detail: 'No worker had a free slot in time. The test was withdrawn: nothing was sent, and nothing will be.',
  }),
  no_result: new Problem(504, 'The worker did not answer', {
    detail:
      'A worker took the test, and stopped or lost its connection. The request may have been sent, once; it is not sent again.',
  }),
};

const ONE = '/api/webhooks/{id}';
/** The name of the list of an owner's webhooks, for its cursors: the statistics have the same pages. */
const listOf = (owner: string): string => `webhooks of ${owner}`;

/** Creates the routes of the caller's webhooks. Another owner's id gets a 404, like an id that does not exist (I7). */
export function webhookRoutes(parts: WebhookRoutesParts): Route[] {
  const { basePath, registry, testWebhook, eventTypes, countDestination, mustVerify, schemas, readStats, readHours } = parts;
  return [
    route(
      {
        method: 'post',
        path: '/api/webhooks',
        operationId: 'registerWebhook',
        namesEventTypes: true,
        summary: 'Registers a webhook',
        description:
          'Returns the `secret`, which no later request returns again, except for a repetition with the same `Idempotency-Key` within 24 hours.',
        access: 'owner',
        headers: idempotencyHeader(
          'A repeated body with the same key within 24 hours gets the same answer, with the secret, and registers nothing more.',
        ),
        sendsEvents: true,
        body: { schema: schemas.create, example: { url: 'https://example.com/hook', event_types: ['*'] } },
        responses: {
          201: { description: 'The webhook, with its secret.', schema: webhookWithSecretJson },
          409: {
            description: 'The owner has the maximum number of webhooks, or the idempotency key was used for another body.',
          },
        },
      },
      async ({ request, caller, body }, response) => {
        if (mustVerify(body.url)) await countDestination(response, body.url);
        const key = idempotencyKey(request);
        // Of what was sent: with defaults, the key of today's body is that of another one after an upgrade that changes a default.
        const use = key === undefined ? undefined : { key, digest: digestOf(request.body) };
        const registered = await registry.register(caller.owner, body, use);
        if (!registered.registered) {
          if (registered.reason === 'disabled') throw ownerDisabled();
          if (registered.reason === 'key_taken') throw keyIsTaken('Nothing was registered.');
          throw new Problem(409, 'Too many webhooks', {
            detail: `You may have at most ${String(registered.limit)} webhooks. Delete one that is no longer needed.`,
          });
        }
        response.status(201).location(`${basePath}/api/webhooks/${registered.id}`).json(registered.answer);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/webhooks',
        operationId: 'listWebhooks',
        summary: "Lists the caller's webhooks, newest first",
        access: 'owner',
        query: z.strictObject(page),
        responses: { 200: { description: 'A page of webhooks.', schema: pageOf(webhookJson) } },
      },
      async ({ caller, query: { limit, cursor } }, response) => {
        const list = listOf(caller.owner);
        const webhooks = await registry.list(caller.owner, { limit: limit + 1, before: readCursor(list, cursor) });
        response.json(toPage(webhooks, { list, limit }, (webhook) => webhookToJson(webhook)));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/webhooks/stats',
        operationId: 'listWebhookStats',
        readsLog: true,
        summary: "Recent statistics of the caller's webhooks",
        description:
          'In the order and the pages of the list. The statistics cover the deliveries of the last 24 hours, but at most the newest 1,000 of each webhook. `since` is the start of the covered time.',
        access: 'owner',
        query: z.strictObject(page),
        responses: { 200: { description: 'A page of statistics.', schema: pageOf(webhookStatsJson) } },
      },
      async ({ caller, query: { limit, cursor } }, response) => {
        const list = listOf(caller.owner);
        const webhooks = await registry.list(caller.owner, { limit: limit + 1, before: readCursor(list, cursor) });
        const { data, next_cursor } = toPage(webhooks, { list, limit }, ({ id }) => id);
        const stats = data.length === 0 ? [] : await readStats(data);
        response.json({ data: stats.map(statsToJson), next_cursor });
      },
    ),

    route(
      {
        method: 'get',
        path: `${ONE}/stats`,
        operationId: 'getWebhookStats',
        readsLog: true,
        summary: 'The attempts of a webhook, by hour',
        description:
          'Exact counts of all attempts of the window, by the hour in which they started, the event type and the class of the response. They are kept for 35 days, also when the log keeps its attempts for a shorter time.',
        access: 'owner',
        params: { id: 'webhook' },
        query: hourlyStatsQuery,
        responses: { 200: { description: 'The counts.', schema: hourlyStatsJson } },
      },
      async ({ caller, params: { id }, query: { window } }, response) => {
        if (!(await registry.find(caller.owner, id))) throw notFound('webhook', id);
        response.json(hourlyStatsToJson(id, window, await readHours(id, hoursOf(window))));
      },
    ),

    route(
      {
        method: 'get',
        path: ONE,
        operationId: 'getWebhook',
        summary: 'Reads one webhook',
        access: 'owner',
        params: { id: 'webhook' },
        responses: { 200: { description: 'The webhook.', schema: webhookJson } },
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
        operationId: 'changeWebhook',
        namesEventTypes: true,
        summary: 'Changes the fields in the body',
        description:
          '`enabled: false` cancels pending deliveries. `enabled: true` or another `url` resets the failures of the webhook; another `url` also ends the waits that the receiver at the earlier one caused, so that retries are due at the pace of replays, and has to be verified if the server verifies webhooks. `retry` is replaced as a whole; null: the policy of the server.',
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: schemas.change, example: { description: 'Mine', event_types: ['*'] } },
        responses: {
          200: { description: 'The whole webhook.', schema: webhookJson },
          409: { description: 'An operator disabled the webhook, and the body would enable it.' },
        },
      },
      async ({ caller, params: { id }, body }, response) => {
        if (body.url !== undefined || body.enabled === true) {
          const before = await registry.find(caller.owner, id);
          const url = body.url ?? before?.url ?? '';
          // Deliveries that wait follow the URL, and a challenge may; enabling ends the wait that failures caused. So do repeated ones.
          if (before && (url !== before.url || body.enabled === true)) await countDestination(response, url);
        }
        const changed = await registry.change(caller.owner, id, body);
        if (!changed) throw notFound('webhook', id);
        if (!changed.changed && changed.reason === 'headers_stay') throw invalid([{ field: 'headers', message: HEADERS_STAY }]);
        if (!changed.changed) {
          throw new Problem(409, 'An operator disabled the webhook', {
            detail: `Only an operator of this server can enable "${id}" again: ask one. Nothing was changed.`,
          });
        }
        response.json(webhookToJson(changed.webhook));
      },
    ),

    route(
      {
        method: 'delete',
        path: ONE,
        operationId: 'removeWebhook',
        summary: 'Removes a webhook',
        description: 'Cancels its pending deliveries. Its deliveries stay readable by their id.',
        access: 'owner',
        params: { id: 'webhook' },
        responses: { 204: { description: 'The webhook is removed.' } },
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
        operationId: 'rotateWebhookSecret',
        summary: 'Gives a webhook a new secret',
        description:
          'Returns the new `secret`, which no later request returns again. Until the overlap ends, each request is also signed with the previous secrets. For a leaked secret, `overlap_s: 0` ends all previous secrets immediately.',
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: rotation, example: { overlap_s: 3600 } },
        responses: {
          200: { description: 'The webhook, with its new secret.', schema: webhookWithSecretJson },
          409: { description: 'The maximum number of previous secrets sign already.' },
        },
      },
      async ({ caller, params: { id }, body: { overlap_s: overlapS } }, response) => {
        const rotated = await registry.rotateSecret(caller.owner, id, overlapS);
        if (!rotated) throw notFound('webhook', id);
        if (!rotated.rotated) {
          throw new Problem(409, 'Too many secrets', {
            detail: `${String(MAX_PREVIOUS_SECRETS)} previous secrets sign already. The first of them ends at ${rotated.nextEnd.toISOString()}: rotate then, or send {"overlap_s": 0}, which ends all of them immediately. Nothing was changed.`,
          });
        }
        response.json({ ...webhookToJson(rotated.webhook), secret: rotated.secret });
      },
    ),

    route(
      {
        method: 'post',
        path: `${ONE}/test`,
        operationId: 'testWebhook',
        summary: 'Sends a test event now, and returns the response of the receiver',
        description:
          'With a `type`, it is the first example of the type, with the owner of the webhook in the field that names the owner; without a body, it is a `webhook.test` event. The request is signed and checked like a delivery, and is also sent while the webhook is disabled, but not while it waits for its verification. It is not recorded and not retried. Parallel tests of a webhook with the same version of a type share one request.',
        access: 'owner',
        params: { id: 'webhook' },
        body: { schema: testedJson, example: {} },
        responses: {
          200: { description: 'The response of the receiver, or the reason why there was none.', schema: testJson },
          409: { description: 'The webhook waits until its URL is verified: nothing was sent.' },
          503: { description: 'Redis is not available, or a worker could not send the request.' },
          504: { description: 'No worker took the test, and nothing will be sent; or a worker took it, and returned no result.' },
        },
      },
      async ({ caller, params: { id }, body }, response) => {
        const webhook = await registry.find(caller.owner, id);
        if (!webhook) throw notFound('webhook', id);
        const tested = toTested(await eventTypes.refresh(), body, caller.owner);
        if (webhook.unverifiedSince !== null) throw webhookUnverified(id);
        await countDestination(response, webhook.url);
        const answer = await testWebhook(caller.owner, id, tested).catch(() => 'unavailable' as const);
        if (answer === 'gone') {
          // The worker sends nothing to a webhook that was removed meanwhile, or that got another URL.
          const now = await registry.find(caller.owner, id);
          throw now && now.unverifiedSince !== null ? webhookUnverified(id) : notFound('webhook', id);
        }
        if (typeof answer === 'string') throw TEST_PROBLEMS[answer];
        response.json(testToJson(id, tested, answer));
      },
    ),

    route(
      {
        method: 'post',
        path: `${ONE}/verify`,
        operationId: 'verifyWebhook',
        summary: 'Sends a challenge to the receiver of a webhook that waits for its verification',
        description:
          'A worker sends a signed `webhook.verification` event within seconds. The receiver answers with a 2xx and the challenge, as JSON `{"challenge": "…"}` or as plain text; then the events that waited are sent. The webhook says what came of it, in `verification`. Tidings also tries by itself: at once, and then after ever longer waits, up to 20 times.',
        access: 'owner',
        params: { id: 'webhook' },
        responses: {
          200: { description: 'The webhook does not wait: nothing is sent.', schema: webhookJson },
          202: { description: 'The webhook. A challenge is about to be sent.', schema: webhookJson },
          409: { description: 'The webhook is disabled.' },
        },
      },
      async ({ caller, params: { id } }, response) => {
        const webhook = await registry.find(caller.owner, id);
        if (!webhook) throw notFound('webhook', id);
        if (webhook.unverifiedSince === null) {
          response.json(webhookToJson(webhook));
          return;
        }
        if (!webhook.enabled) throw webhookDisabled(id);
        await countDestination(response, webhook.url);
        const isRequested = await registry.verify(caller.owner, id);
        response.status(isRequested ? 202 : 200).json(webhookToJson(webhook));
      },
    ),
  ];
}
