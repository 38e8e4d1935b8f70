/** Ids of what a costly request concerns: an owner with as much as an owner can have. */
export interface CostlyIds {
  owner: string;
  /** A webhook with many deliveries, ended and pending. */
  webhook: string;
  /** A delivery that has ended, with many attempts. */
  delivery: string;
  /** A delivery that is pending. */
  pending: string;
  /** An event with a delivery to the webhook. */
  event: string;
}

/** The most that a valid request asks for. */
export interface CostlyRequest {
  query?: string | ((ids: CostlyIds) => string);
  headers?: Readonly<Record<string, string>>;
  body?: (ids: CostlyIds) => unknown;
  /** Which delivery its path names. Default: one that has ended. */
  isPending?: boolean;
  /** The number of statements of bounded cost that it consists of, so that the budget holds for each of them. Default 1. */
  parts?: number;
  /** Whether it changes what it concerns, so that a second one finds less to do. Default false. */
  isOnce?: boolean;
}

const LONG = 'x'.repeat(500);
const HEADERS = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => [`x-${'h'.repeat(40)}-${String(index)}`, 'v'.repeat(150)]),
);
const SETTINGS = {
  url: `https://example.com/${'a'.repeat(2000)}`,
  event_types: Array<string>(50).fill('sync.*'),
  description: LONG,
  headers: HEADERS,
  retry: { schedule: 'standard-webhooks' },
};
/**
 * As many fields as are compiled within the budget: the largest schema takes over 100 ms (decision 0073). The first of them are those
 * that the type of a busy owner has, so that nobody is broken.
 */
const LARGE_TYPE = {
  description: LONG,
  audience: 'everyone',
  schema: {
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`field_${String(index)}`, { type: 'string', maxLength: 100 }]),
    ),
  },
  examples: [Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`field_${String(index)}`, 'x'.repeat(100)]))],
};
const ENDED = ['succeeded', 'failed', 'cancelled', 'skipped'];
const failedSync = (owner: string, characters: number) => ({
  type: 'sync.failed',
  data: { user_id: owner, error_message: 'x'.repeat(characters) },
});
const extraction = (index: number, names: number) => ({
  type: 'extraction.completed',
  data: {
    version: String(index),
    record_counts: Object.fromEntries(Array.from({ length: names }, (_, name) => [`n${name.toString(36)}_${String(index)}`, 1])),
    duration_s: 1,
  },
});
/** A rare value, so that a page has to look far for its rows. */
const RARE = 'types=gaps.updated';

/**
 * For each operation of the OpenAPI document, the valid requests that cost the most. A test fails when an operation has none: a new
 * route says here what its worst case is.
 */
export const costlyRequests: Readonly<Record<string, readonly CostlyRequest[]>> = {
  getHealth: [{}],
  getReadiness: [{}],
  getAsyncApi: [{}],
  getReference: [{}],
  getOpenApi: [{}],
  registerWebhook: [{ body: () => SETTINGS }],
  listWebhooks: [{ query: 'limit=200' }],
  listWebhookStats: [{ query: 'limit=200' }],
  getWebhookStats: [{ query: 'window=1h' }, { query: 'window=30d' }],
  getWebhook: [{}],
  changeWebhook: [
    { body: () => SETTINGS },
    { body: () => ({ enabled: false }), isOnce: true },
    { body: () => ({ enabled: true }), isOnce: true },
  ],
  removeWebhook: [{ isOnce: true }],
  rotateWebhookSecret: [{ body: () => ({ overlap_s: 3600 }) }],
  testWebhook: [{}],
  verifyWebhook: [{}],
  listDeliveries: [
    { query: 'limit=200' },
    { query: 'limit=200&status=skipped' },
    { query: 'limit=200&status=pending&event_types=gaps.updated' },
    {
      query:
        'limit=200&status=failed,succeeded,cancelled,skipped,pending&event_types=gaps.updated&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z',
    },
  ],
  replayDeliveries: [
    { body: () => ({ since: '2100-01-01T00:00:00Z', missing: true, dry_run: true }) },
    // A replay looks at 10,000 deliveries or events at a time.
    { body: () => ({ since: '2020-01-01T00:00:00Z', status: ENDED, dry_run: true }), parts: 10 },
    {
      parts: 10,
      body: () => ({ since: '2020-01-01T00:00:00Z', status: ENDED, event_types: ['gaps.updated'], missing: true, dry_run: true }),
    },
  ],
  listDeliveriesOfEvent: [{ query: ({ event }) => `limit=200&event_id=${event}` }],
  getDelivery: [{}, { query: 'before=900' }],
  getDeliveryEvent: [{}],
  retryDelivery: [{ isOnce: true }],
  cancelDelivery: [{ isPending: true, isOnce: true }],
  publishEvents: [
    { body: ({ owner }) => ({ events: Array.from({ length: 1000 }, () => failedSync(owner, 800)) }) },
    {
      headers: { 'idempotency-key': 'once' },
      body: ({ owner }) => ({ events: Array.from({ length: 1000 }, () => failedSync(owner, 800)) }),
    },
    { body: () => ({ events: Array.from({ length: 1000 }, (_, index) => extraction(index, 19)) }) },
    { body: () => extraction(0, 18_000) },
    {
      body: () => ({
        events: Array.from({ length: 1 }, () => ({
          type: 'extraction.started',
          data: { version: '1', entity_types: Array<string>(45_000).fill('é') },
        })),
      }),
    },
    {
      body: ({ owner }) => ({
        type: 'gaps.updated',
        data: { user_id: owner, entity_type: '\u0001'.repeat(255), entity_id: '"'.repeat(255) },
      }),
    },
  ],
  listEvents: [
    { query: 'limit=200' },
    { query: 'limit=200&order=desc' },
    { query: `limit=200&${RARE}` },
    { query: `limit=200&${RARE}&order=desc&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z` },
  ],
  getEvent: [{}],
  listEventTypes: [{ query: 'limit=200' }, { query: `limit=200&search=${'x'.repeat(100)}` }],
  getEventType: [{}],
  writeEventType: [
    { query: 'dry_run=true', body: () => LARGE_TYPE },
    { body: () => LARGE_TYPE, isOnce: true },
  ],
  deprecateEventType: [{ body: () => ({ replaced_by: null }) }],
  archiveEventType: [{ isOnce: true }],
  followEvents: [{}, { query: 'last_event_id=@start' }, { query: `last_event_id=@start&${RARE}` }],
  issueStreamTicket: [{}],
  getOverview: [{}],
  getDeliveryPause: [{}],
  changeDeliveryPause: [{ body: () => ({ paused: false }) }],
  listOwners: [{ query: 'limit=200' }],
  getOwner: [{}],
  changeOwner: [
    { body: () => ({ webhooks_limit: 50, requests_per_minute: null }) },
    { body: () => ({ disabled: true }), isOnce: true },
    { body: () => ({ disabled: false }), isOnce: true },
  ],
  listWebhooksOfAnyOwner: [
    { query: 'limit=200' },
    ...['failing', 'disabled', 'paused', 'circuit_open'].map((state) => ({ query: `limit=200&state=${state}` })),
    { query: 'limit=200&owner=nobody&state=failing' },
  ],
  getWebhookOfAnyOwner: [{}],
  changeWebhookOfAnyOwner: [
    { body: () => ({ enabled: false, paused: true }), isOnce: true },
    { body: () => ({ enabled: true, paused: false }), isOnce: true },
  ],
  listDeliveriesOfAnyOwner: [{ query: 'limit=200' }, { query: 'limit=200&status=skipped&event_types=gaps.updated' }],
  getDeliveryOfAnyOwner: [{}, { query: 'before=900' }],
  listEventsOfAllOwners: [{ query: 'limit=200' }, { query: `limit=200&${RARE}` }, { query: `limit=200&${RARE}&order=desc` }],
  listDeliveriesOfAnyEvent: [{ query: ({ event }) => `limit=200&event_id=${event}` }],
  getEventOfAnyOwner: [{}],
  listAuditEntries: [
    { query: 'limit=200' },
    { query: 'limit=200&owner=nobody' },
    { query: 'limit=200&webhook_id=wh_01a20f72-bf62-73aa-bf71-cc66b4490a07' },
  ],
  startQueuesSession: [{}],
  getSecurityTxt: [{}],
  getEgressRules: [{}],
  revokeTokens: [{ body: () => ({ jti: 'j'.repeat(256) }) }, { body: () => ({ owner: 'o'.repeat(255) }) }],
  listRevocations: [{ query: 'limit=200' }, { query: `jti=${'j'.repeat(256)}` }, { query: 'owner=nobody' }],
};
