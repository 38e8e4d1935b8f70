import { randomUUID } from 'node:crypto';
import { context, diag, DiagLogLevel } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createTracing } from './create-tracing.js';
import { createSampler } from './sampler.js';
import type { TracingOptions, TracingSettings } from './settings.js';
import type { Tracing } from './tracing.js';

/** So much more time a process that stops has. */
const SHUTDOWN_MS = 2000;
const REPORT_EVERY_MS = 60_000;
/** Spans. What comes beyond them while the collector does not answer is dropped, so that memory stays bounded. */
const MAX_WAITING = 8192;

/** Everything that is loaded only where traces are wanted. Once in a process, since the active span is the process's. */
export function openSdk({ serviceName, settings, onError }: TracingOptions & { settings: TracingSettings }): Tracing {
  reportTo(onError);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.instance.id': randomUUID() }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: createSampler(settings),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        scheduledDelayMillis: settings.scheduleDelayMs,
        maxQueueSize: MAX_WAITING,
      }),
    ],
  });
  return {
    ...createTracing(provider.getTracer('tidings')),
    async shutdown() {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise((resolve) => (timer = setTimeout(resolve, SHUTDOWN_MS)));
      // What could not be sent was reported, and keeps nobody from stopping.
      await Promise.race([provider.shutdown().catch(() => undefined), deadline]);
      clearTimeout(timer);
    },
  };
}

/** A collector that is away would fill the log. */
function reportTo(onError: (message: string) => void): void {
  let reportedAt = -Infinity;
  const report = (message: string): void => {
    if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = performance.now();
    onError(message);
  };
  const ignore = (): void => undefined;
  setGlobalErrorHandler((error) => {
    report(typeof error === 'string' ? error : (error.message ?? error.name ?? ''));
  });
  diag.setLogger({ error: report, warn: report, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
