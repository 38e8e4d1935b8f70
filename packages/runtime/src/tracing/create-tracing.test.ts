import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { context, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createTracing } from './create-tracing.js';
import { createSampler } from './sampler.js';
import type { TracingSettings } from './settings.js';

const exporter = new InMemorySpanExporter();
const tracingWith = (sampler: TracingSettings['sampler'], ratio = 1) => {
  const provider = new TracerProvider({
    sampler: createSampler({ sampler, ratio }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  return createTracing(provider.getTracer('test'));
};
const tracing = tracingWith('parentbased_always_on');
const FOREIGN = '0af7651916cd43dd8448eb211c80319c';
const sampled = `00-${FOREIGN}-b7ad6b7169203331-01`;
const unsampled = `00-${FOREIGN}-b7ad6b7169203331-00`;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
});
afterAll(() => {
  context.disable();
});
beforeEach(() => {
  exporter.reset();
});
const ended = () => exporter.getFinishedSpans();

describe('a span', () => {
  test('is a child of the active span by default, of another span by its traceparent, and a root with null', async () => {
    await tracing.run({ name: 'outer' }, async ({ ids, traceparent }) => {
      expect(traceparent).toBe(`00-${ids.trace_id}-${ids.span_id}-01`);
      await tracing.run({ name: 'inner' }, async (inner) => {
        expect(inner.ids.trace_id).toBe(ids.trace_id);
        expect(tracing.activeIds()).toEqual(inner.ids);
        await Promise.resolve();
        expect(tracing.activeIds()).toEqual(inner.ids);
      });
      expect(tracing.activeIds()).toEqual(ids);
      tracing.begin({ name: 'foreign', parent: sampled }).end();
      tracing.begin({ name: 'first', parent: null, link: sampled }).end();
      tracing.begin({ name: 'malformed', parent: 'evil', link: 'evil' }).end();
    });
    const [inner, foreign, first, malformed, outer] = ended();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(foreign?.spanContext().traceId).toBe(FOREIGN);
    expect(first).toMatchObject({ parentSpanContext: undefined, links: [{ context: { traceId: FOREIGN } }] });
    expect(malformed).toMatchObject({ parentSpanContext: undefined, links: [] });
  });

  test('fails when its work throws, with the code or name of the error, not the message, which may hold secrets (I8)', async () => {
    const broken = Object.assign(new Error('whsec_secret'), { code: 'ECONNRESET' });
    await expect(tracing.run({ name: 'record' }, () => Promise.reject(broken))).rejects.toBe(broken);
    await expect(tracing.run({ name: 'record' }, () => Promise.reject(new TypeError('whsec_secret')))).rejects.toThrow();
    expect(ended()).toMatchObject([
      { status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'ECONNRESET' }, events: [] },
      { status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'TypeError' }, events: [] },
    ]);
    expect(ended().map(({ status }) => status.message)).toEqual([undefined, undefined]);
  });

  test('begins at the given time', () => {
    const before = performance.timeOrigin + performance.now();
    tracing.begin({ name: 'late', startedAt: performance.now() - 1000 }).end();
    const [seconds = 0, nanoseconds = 0] = ended()[0]?.startTime ?? [];
    const startedAt = seconds * 1000 + nanoseconds / 1e6;
    expect(Math.abs(startedAt - (before - 1000))).toBeLessThan(500);
  });

  test('is not active any more when it has ended, although its work continues', async () => {
    let later: (() => void) | undefined;
    const idsLater = new Promise<unknown>((resolve) => {
      void tracing.run({ name: 'short' }, () => {
        const timer = new Promise<void>((resume) => (later = resume));
        void timer.then(() => {
          resolve(tracing.activeIds());
        });
        return Promise.resolve();
      });
    });
    await new Promise(setImmediate);
    expect(ended()).toHaveLength(1);
    later?.();
    expect(await idsLater).toBeUndefined();
  });
});

describe('the sampler', () => {
  test.each([
    ['always_on', 1, [true, true, true]],
    ['always_off', 1, [false, false, false]],
    ['traceidratio', 0, [false, false, false]],
    ['traceidratio', 1, [true, true, true]],
    ['parentbased_always_on', 1, [true, true, false]],
    ['parentbased_always_off', 1, [false, true, false]],
    ['parentbased_traceidratio', 0, [false, true, false]],
    ['parentbased_traceidratio', 1, [true, true, false]],
  ] as const)(
    '%s (%d) records root spans, children of recorded spans, and children of unrecorded spans: %j',
    (sampler, ratio, recorded) => {
      const { begin } = tracingWith(sampler, ratio);
      const flags = [null, sampled, unsampled].map((parent) => begin({ name: 'any', parent }).traceparent.endsWith('-01'));
      expect(flags).toEqual(recorded);
    },
  );

  test('passes on the ids of spans that are not recorded, to logs and to other processes', () => {
    const span = tracing.begin({ name: 'any', parent: unsampled });
    expect(span.traceparent).toMatch(new RegExp(`^00-${FOREIGN}-[0-9a-f]{16}-00$`));
    span.within(() => {
      expect(tracing.activeIds()).toEqual(span.ids);
    });
  });
});
