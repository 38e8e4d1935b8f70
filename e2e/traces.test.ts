import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { context, propagation, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BullMQOtel } from 'bullmq-otel';
import { randomBytes } from 'node:crypto';
import { createPublisher, syncCompleted, syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startCollector, type Collector, type Span } from './harness/collector.js';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

const sync = { user_id: 'alice', items_synced: 150, errors: 0, duration_s: 12.4 };

let collector: Collector;
let tidings: Tidings;
let alice: User;
let service: User;
beforeAll(async () => {
  collector = await startCollector();
  tidings = await startTidings({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      DELIVERY_INITIAL_DELAY_MS: '50',
      LOG_LEVEL: 'debug',
    },
  });
  alice = tidings.asUser('alice');
  service = tidings.asUser('service', 'events:publish');
});
afterAll(async () => {
  await tidings.stop();
  await collector.stop();
});

/** The trace context of a caller with tracing. */
const newCaller = () => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
};
const request = (user: User, path: string, traceparent: string, body?: unknown) =>
  fetch(new URL(path, tidings.url), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json', traceparent },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
/** A line for each span, with the name of its parent, or the parent's id when it is not in the list. */
const tree = (spans: readonly Span[]) =>
  spans.map(({ service: process, kind, name, parentSpanId }) => {
    const parent = spans.find(({ spanId }) => spanId === parentSpanId)?.name ?? parentSpanId;
    return `${process} ${kind} ${name} < ${parent}`;
  });
const ofTrace =
  (traceId: string) =>
  (span: Span): boolean =>
    span.traceId === traceId;
const linesOf = (output: string) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('one published event', () => {
  test('is one trace from the request to the last attempt; the logs have its id, and receivers do not get it', async () => {
    const receiver = await startReceiver((attempt) => (attempt === 1 ? 503 : 200));
    const webhook = await alice.register(receiver, { event_types: ['sync.completed'] });
    const caller = newCaller();
    const response = await request(service, '/api/events', caller.traceparent, syncCompleted(sync));
    const { id } = (await response.json()) as { id: string };
    const [delivery] = await alice.waitForDeliveries(webhook, 1);

    const spans = await collector.waitFor(9, ofTrace(caller.traceId));
    const ofAnAttempt = [
      'tidings-worker consumer process deliveries < accept',
      'tidings-worker client POST < process deliveries',
      'tidings-worker internal record < process deliveries',
    ];
    expect(tree(spans).sort()).toEqual(
      [
        `tidings-api server POST /api/events < ${caller.spanId}`,
        'tidings-api internal accept < POST /api/events',
        'tidings-api producer send deliveries < accept',
        ...ofAnAttempt,
        ...ofAnAttempt,
      ].sort(),
    );

    const requests = spans.filter(({ kind }) => kind === 'client');
    const target = {
      'http.request.method': 'POST',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(receiver.url).port),
    };
    expect(requests).toMatchObject([
      { failed: true, attributes: { ...target, 'http.response.status_code': 503, 'error.type': '503' } },
      { failed: false, attributes: { ...target, 'http.response.status_code': 200 } },
    ]);
    expect(requests[1]?.attributes).not.toHaveProperty('error.type');
    const ids = { 'tidings.event.id': id, 'tidings.delivery.id': delivery?.id, 'tidings.webhook.id': webhook.id };
    const attempts = spans.filter(({ kind }) => kind === 'consumer');
    expect(attempts).toMatchObject([1, 2].map((number) => ({ attributes: { ...ids, 'tidings.attempt': number } })));
    expect(receiver.arrivals.map(({ headers }) => headers['traceparent'])).toEqual([undefined, undefined]);

    const logIds = { event_id: id, trace_id: caller.traceId };
    const server = spans.find(({ kind }) => kind === 'server');
    // Lines of the log come another way than spans.
    await eventually(() => {
      const api = linesOf(tidings.api.output()).filter(({ event_id }) => event_id === id);
      expect(api).toMatchObject([
        { message: 'An event was accepted.', ...logIds },
        { message: 'POST /api/events 202', request_id: response.headers.get('x-request-id'), span_id: server?.spanId, ...logIds },
      ]);
      const worker = linesOf(tidings.workers[0]?.output() ?? '').filter(({ event_id }) => event_id === id);
      expect(worker).toMatchObject(
        ['pending', 'succeeded'].map((status, index) => ({
          message: `Attempted: ${status}.`,
          delivery_id: delivery?.id,
          webhook_id: webhook.id,
          attempt: index + 1,
          span_id: attempts[index]?.spanId,
          ...logIds,
        })),
      );
    });
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });

  test('that waited for a slot of its webhook, in PostgreSQL only, is attempted in the same trace', async () => {
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver, { event_types: ['sync.failed'], max_in_flight: 1 });
    const caller = newCaller();
    const events = Array.from({ length: 4 }, () => syncFailed({ user_id: 'alice', error_message: 'gone' }));
    await request(service, '/api/events', caller.traceparent, { events });
    await alice.waitForDeliveries(webhook, 4);
    const spans = await collector.waitFor(15, ofTrace(caller.traceId));
    const accept = spans.find(({ name }) => name === 'accept');
    const attempts = spans.filter(({ kind }) => kind === 'consumer');
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual(events.map(() => accept?.spanId));
    // The webhook has one slot: the other deliveries got no job in this batch.
    expect(spans.find(({ kind }) => kind === 'producer')?.attributes).toMatchObject({ 'messaging.batch.message_count': 1 });

    const [delivery] = await alice.deliveryLog(webhook);
    await alice.call('POST', `/api/deliveries/${String(delivery?.id)}/retry`);
    const isReplay = ({ attributes }: Span) =>
      attributes['tidings.delivery.id'] === delivery?.id && attributes['tidings.replay'] === true;
    const [replay] = await collector.waitFor(1, isReplay);
    // A replay may come weeks later: it has a new trace, with a link to the first one.
    expect(replay).toMatchObject({ parentSpanId: '', links: [caller.traceId] });
    expect(replay?.traceId).not.toBe(caller.traceId);
    await alice.waitForDeliveries(webhook, 4);
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });

  test('published with the package continues the trace of its service', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const { url: redis, prefix } = tidings.redis;
    const publisher = createPublisher({ redis, prefix, telemetry: new BullMQOtel() });
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver, { event_types: ['sync.completed'] });
    const caller = newCaller();
    const active = trace.setSpanContext(ROOT_CONTEXT, { ...caller, traceFlags: TraceFlags.SAMPLED });
    await context.with(active, () => publisher.publish(syncCompleted(sync)));
    await alice.waitForDeliveries(webhook, 1);
    expect(tree(await collector.waitFor(6, ofTrace(caller.traceId))).sort()).toEqual(
      [
        `tidings-worker consumer process events < ${caller.spanId}`,
        'tidings-worker internal accept < process events',
        'tidings-worker producer send deliveries < accept',
        'tidings-worker consumer process deliveries < accept',
        'tidings-worker client POST < process deliveries',
        'tidings-worker internal record < process deliveries',
      ].sort(),
    );
    await publisher.close();
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });
});

test('ignores the trace context of callers that may not publish, and does not trace streams, which can last for hours', async () => {
  const caller = newCaller();
  (await alice.follow()).close();
  await request(alice, '/api/webhooks?limit=7', caller.traceparent);
  const [span] = await collector.waitFor(1, ({ name }) => name === 'GET /api/webhooks');
  expect(span).toMatchObject({ parentSpanId: '', attributes: { 'http.response.status_code': 200 } });
  expect(collector.spans.filter((other) => other.traceId === caller.traceId || other.name.includes('stream'))).toEqual([]);
});

test('sends the span of each request with SEND_TRACEPARENT, in place of a traceparent header of the webhook', async () => {
  await tidings.workers[0]?.stop();
  const worker = await tidings.startWorker({ SEND_TRACEPARENT: 'true' });
  const receiver = await startReceiver((attempt) => (attempt === 1 ? 500 : 200));
  const webhook = await alice.register(receiver, { headers: { Traceparent: newCaller().traceparent } });
  const caller = newCaller();
  await request(service, '/api/events', caller.traceparent, syncCompleted(sync));
  await alice.waitForDeliveries(webhook, 1);
  const requests = await collector.waitFor(2, (span) => span.kind === 'client' && span.traceId === caller.traceId);
  expect(receiver.arrivals.map(({ headers }) => headers['traceparent'])).toEqual(
    requests.map(({ spanId }) => `00-${caller.traceId}-${spanId}-01`),
  );
  await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  await worker.stop();
});

test('exports no spans with OTEL_TRACES_EXPORTER=none', async () => {
  const worker = await tidings.startWorker({ OTEL_TRACES_EXPORTER: 'none' });
  const receiver = await startReceiver();
  const webhook = await alice.register(receiver);
  const caller = newCaller();
  await request(service, '/api/events', caller.traceparent, syncCompleted(sync));
  await alice.waitForDeliveries(webhook, 1);
  // A stopped process has exported all its spans.
  await worker.stop();
  await tidings.api.stop();
  expect(new Set(collector.spans.filter(ofTrace(caller.traceId)).map((span) => span.service))).toEqual(new Set(['tidings-api']));
});
