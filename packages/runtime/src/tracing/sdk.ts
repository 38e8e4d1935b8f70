import { randomUUID } from 'node:crypto';
import { context, diag, DiagLogLevel } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import { createRepetitions } from '../logging/repetitions.js';
import { createTracing } from './create-tracing.js';
import { createSampler } from './sampler.js';
import type { TracingOptions, TracingSettings } from './settings.js';
import type { Tracing } from './tracing.js';

/** How long a process that stops waits for its last spans to be sent, in milliseconds. */
const SHUTDOWN_MS = 2000;
/** How many spans wait while the collector does not answer. Further spans are dropped, so that memory stays bounded. */
const MAX_WAITING_SPANS = 8192;

/** Creates OpenTelemetry's exporter of each protocol. Only the one in use is loaded: gRPC alone brings 16 packages. */
const EXPORTERS: Readonly<Record<TracingSettings['protocol'], () => Promise<SpanExporter>>> = {
  'http/protobuf': async () => new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(),
  'http/json': async () => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
  grpc: async () => new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter(),
};

/**
 * Starts the OpenTelemetry SDK. This module is loaded only when traces are on. Call it once per process: the context manager,
 * which keeps the active span, is global.
 */
export async function openSdk({
  serviceName,
  settings,
  onError,
}: TracingOptions & { settings: TracingSettings }): Promise<Tracing> {
  reportErrorsTo(onError);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.instance.id': randomUUID() }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: createSampler(settings),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: await EXPORTERS[settings.protocol](),
        scheduledDelayMillis: settings.scheduleDelayMs,
        maxQueueSize: MAX_WAITING_SPANS,
      }),
    ],
  });
  return {
    ...createTracing(provider.getTracer('tidings')),
    async shutdown() {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise((resolve) => (timer = setTimeout(resolve, SHUTDOWN_MS)));
      // Failures were reported already, and must not prevent the process from stopping.
      await Promise.race([provider.shutdown().catch(() => undefined), deadline]);
      clearTimeout(timer);
    },
  };
}

/** Reports errors of OpenTelemetry at most once a minute: a collector that is away would fill the log. */
function reportErrorsTo(onError: TracingOptions['onError']): void {
  const repetitions = createRepetitions();
  const report = (message: string): void => {
    const { write, fields } = repetitions.next('traces');
    if (write) onError(message, fields);
  };
  const ignore = (): void => undefined;
  setGlobalErrorHandler((error) => {
    report(typeof error === 'string' ? error : (error.message ?? error.name ?? ''));
  });
  diag.setLogger({ error: report, warn: report, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
