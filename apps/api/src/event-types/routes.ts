import { z } from 'zod';
import {
  defaultVersionOf,
  planArchive,
  planDeprecate,
  planPut,
  type ChangeEventTypes,
  type EventTypes,
  type EventTypesSnapshot,
  type PutPlan,
} from '@tidings/accept';
import { readWebhooksOfType, type Queryable } from '@tidings/database';
import { MAX_VERSION, patternsMatching } from '@tidings/events';
import type { Caller } from '@tidings/auth';
import { WRITE_TYPES } from '../auth/authenticate.js';
import { pageOf } from '../http/pages.js';
import { route, type Route } from '../openapi/route.js';
import { notFound } from '../problems/problem.js';
import { breakingChange } from './breaking-change.js';
import { isUnchanged } from './etag.js';
import { MAX_EVENT_TYPE_BYTES, newEventTypeJson, toInput } from './input.js';
import { listEventTypes, listQuery } from './list.js';
import { eventTypeChangesJson, eventTypeJson, eventTypeToJson, MAX_WEBHOOKS_NAMED, planToJson } from './view.js';

interface EventTypeRoutesParts {
  eventTypes: EventTypes;
  change: ChangeEventTypes;
  sql: Queryable;
}

const version = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, `must be a whole number from 1 to ${String(MAX_VERSION)}`)
  .transform(Number)
  .optional()
  .meta({ type: 'integer', minimum: 1, maximum: MAX_VERSION });

const deprecation = z
  .strictObject({
    replaced_by: z.string().max(100).nullable().default(null).describe('The event type to use instead.'),
    deprecated: z.boolean().default(true).describe('`false` takes the deprecation back.'),
  })
  .meta({ id: 'Deprecation' });

/** An event type has no owner: whoever may write it acts for the platform. */
const actorOf = ({ owner }: Caller) => ({ id: owner, kind: 'operator' }) as const;

/** The routes of event types: contracts that are checked where they are changed (decision 0074). */
export function eventTypeRoutes({ eventTypes, change, sql }: EventTypeRoutesParts): Route[] {
  const typeIn = ({ byName }: EventTypesSnapshot, name: string) => {
    const found = byName.get(name);
    if (found === undefined) throw notFound('event type', name);
    return found;
  };

  /** The webhooks that get events of the type, one more than are named. */
  const webhooksOf = async (name: string, { creates, changes, becomesDefault }: PutPlan) =>
    creates !== 'type' && (changes.length > 0 || becomesDefault)
      ? readWebhooksOfType(
          sql,
          [...patternsMatching(name), ...versionsOf(name).map((number) => `${name}@${String(number)}`)],
          MAX_WEBHOOKS_NAMED + 1,
        )
      : [];
  const versionsOf = (name: string): number[] => eventTypes.current.byName.get(name)?.allVersions.map((one) => one.version) ?? [];

  return [
    route(
      {
        method: 'get',
        path: '/api/event-types',
        operationId: 'listEventTypes',
        summary: 'The event types, in the order of their names',
        description: 'Each in its default version. With `If-None-Match` the response is 304 until a type is changed.',
        access: 'owner',
        query: listQuery,
        headers: { 'If-None-Match': 'The ETag of an earlier response.' },
        responses: {
          200: { description: 'A page of event types.', schema: pageOf(eventTypeJson) },
          304: { description: 'No event type was changed since the response with this ETag.' },
        },
      },
      async ({ request, query }, response) => {
        const snapshot = await eventTypes.refresh();
        const page = listEventTypes(snapshot, query);
        if (!isUnchanged(request, response, [snapshot.state, query])) response.json(page);
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/event-types/{type}',
        operationId: 'getEventType',
        summary: 'One event type, in its default version or another one',
        access: 'owner',
        params: { type: 'event type' },
        query: z.strictObject({ version }),
        headers: { 'If-None-Match': 'The ETag of an earlier response.' },
        responses: {
          200: { description: 'The event type.', schema: eventTypeJson },
          304: { description: 'The event type was not changed since the response with this ETag.' },
        },
      },
      async ({ request, params, query }, response) => {
        const type = typeIn(await eventTypes.refresh(), params.type);
        const found =
          query.version === undefined ? defaultVersionOf(type) : type.allVersions.find((one) => one.version === query.version);
        if (found === undefined) throw notFound('event type', `${params.type}@${String(query.version)}`);
        if (!isUnchanged(request, response, [type.revision, found.version])) response.json(eventTypeToJson(type, found));
      },
    ),

    route(
      {
        method: 'put',
        path: '/api/event-types/{type}',
        maxBodyBytes: MAX_EVENT_TYPE_BYTES,
        operationId: 'writeEventType',
        summary: 'Writes an event type, or a version of one',
        description:
          'Once it is answered, every process accepts what the type allows and refuses what it forbids. A change that breaks publishers or receivers is refused: write it as a new `version`, which becomes the default one by a later request with `"default": true`. With `dry_run=true` the response names the changes and the webhooks that get the type, and nothing is written. An archived type is not archived any more.',
        access: { scope: WRITE_TYPES },
        params: { type: 'event type' },
        query: z.strictObject({
          dry_run: z
            .enum(['true', 'false'], 'must be true or false')
            .default('false')
            .meta({ description: '`true`: answers with the changes, and writes nothing.' }),
        }),
        body: { schema: newEventTypeJson, example: EXAMPLE },
        responses: {
          200: {
            description: 'The version as it is now, or the changes of a dry run.',
            schema: z.union([eventTypeJson, eventTypeChangesJson]).meta({ id: 'WrittenEventType' }),
          },
          201: { description: 'The type or the version is new.', schema: eventTypeJson },
          409: { description: 'The change breaks publishers or receivers: `changes` names each. Nothing was written.' },
        },
      },
      async ({ caller, params, query, body }, response) => {
        const input = toInput(params.type, body);
        if (query.dry_run === 'true') {
          const plan = planPut(await eventTypes.refresh(), input);
          response.json(planToJson(plan, await webhooksOf(params.type, plan)));
          return;
        }
        const plan = await change((snapshot) => {
          const planned = planPut(snapshot, input);
          return planned.breaks.length === 0 ? planned : { ...planned, write: null };
        }, actorOf(caller));
        if (plan.breaks.length > 0) throw breakingChange(planToJson(plan, await webhooksOf(params.type, plan)));
        const type = typeIn(eventTypes.current, params.type);
        const written = type.allVersions.find((one) => one.version === (input.version ?? type.defaultVersion));
        response.status(plan.creates === null ? 200 : 201);
        response.json(eventTypeToJson(type, written ?? defaultVersionOf(type)));
      },
    ),

    route(
      {
        method: 'delete',
        path: '/api/event-types/{type}',
        operationId: 'archiveEventType',
        summary: 'Archives an event type, or one of its versions',
        description:
          'Its events are refused from then on. Logged events stay, and are delivered. Writing the type again brings it back.',
        access: { scope: WRITE_TYPES },
        params: { type: 'event type' },
        query: z.strictObject({
          version: version.meta({ description: 'Archives only this version, which must not be the default one.' }),
        }),
        responses: { 204: { description: 'It is archived.' } },
      },
      async ({ caller, params, query }, response) => {
        const options = { version: query.version, now: new Date() };
        const plan = await change((snapshot) => planArchive(snapshot, params.type, options), actorOf(caller));
        if (plan === null)
          throw notFound('event type', query.version === undefined ? params.type : `${params.type}@${String(query.version)}`);
        response.status(204).end();
      },
    ),

    route(
      {
        method: 'post',
        path: '/api/event-types/{type}/deprecate',
        operationId: 'deprecateEventType',
        summary: 'Marks an event type as deprecated',
        description:
          'Its events are accepted and delivered as before. Documents, clients and the dashboard say that it is deprecated, and what replaces it.',
        access: { scope: WRITE_TYPES },
        params: { type: 'event type' },
        body: { schema: deprecation, example: { replaced_by: null } },
        responses: { 200: { description: 'The event type.', schema: eventTypeJson } },
      },
      async ({ caller, params, body }, response) => {
        const options = { isDeprecated: body.deprecated, replacedBy: body.replaced_by, now: new Date() };
        const plan = await change((snapshot) => planDeprecate(snapshot, params.type, options), actorOf(caller));
        if (plan === null) throw notFound('event type', params.type);
        const type = typeIn(eventTypes.current, params.type);
        response.json(eventTypeToJson(type, defaultVersionOf(type)));
      },
    ),
  ];
}

const EXAMPLE = {
  description: 'An invoice was paid.',
  group: 'Billing',
  audience: 'owner',
  owner_field: 'org_id',
  schema: {
    type: 'object',
    properties: { org_id: { type: 'string' }, amount: { type: 'number' } },
    required: ['org_id', 'amount'],
  },
  examples: [{ org_id: 'acme', amount: 12.5 }],
};
