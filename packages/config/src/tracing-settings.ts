import { z } from 'zod';
import { SAMPLERS, type TracingSettings } from '@tidings/runtime/tracing';
import { group } from './group.js';

const url = z.url({ protocol: /^https?$/, hostname: /.*/, error: 'must be a URL: http://collector:4318' }).optional();
const RATIO = 'must be a number from 0 to 1';
const DELAY = 'must be a whole number of milliseconds from 1 to 60000';

/**
 * The standard variables of OpenTelemetry that decide whether and what is traced
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The exporter itself reads the variables
 * of how spans are sent, such as `OTEL_EXPORTER_OTLP_HEADERS`.
 */
export const tracingSettings = group('Tracing', {
  OTEL_EXPORTER_OTLP_ENDPOINT: url.describe(
    'The OpenTelemetry collector: `http://collector:4318`. Spans are sent to `/v1/traces` there. Without an endpoint nothing is traced, unless `OTEL_TRACES_EXPORTER` is `otlp`.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.describe(
    'The complete URL that spans are sent to. It takes precedence over `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .literal('http/json', 'must be http/json, which collectors accept on port 4318')
    .optional()
    .describe('The protocol to the collector. Tidings has only this one.'),
  OTEL_TRACES_EXPORTER: z
    .enum(['otlp', 'none'], 'must be otlp or none')
    .optional()
    .describe(
      "`otlp` sends traces even without an endpoint, to OpenTelemetry's default. `none` sends no traces, whatever the endpoint.",
    ),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`)
    .default('parentbased_always_on')
    .describe('The sampler, which decides which traces are recorded.'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number(RATIO)
    .min(0, RATIO)
    .max(1, RATIO)
    .default(1)
    .describe('The share of traces that is recorded, for a sampler with a ratio.'),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce
    .number(DELAY)
    .int(DELAY)
    .min(1, DELAY)
    .max(60_000, DELAY)
    .default(5000)
    .describe('The time that spans are collected before they are sent, in milliseconds. At most 512 are sent together.'),
});

/** Returns the settings of traces. Null when no endpoint and no exporter is set, or the exporter is `none`: no traces. */
export function tracingConfig(settings: z.output<z.ZodObject<typeof tracingSettings>>): TracingSettings | null {
  const { OTEL_TRACES_EXPORTER: exporter } = settings;
  const endpoint = settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (exporter === 'none' || (exporter === undefined && endpoint === undefined)) return null;
  return {
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    scheduleDelayMs: settings.OTEL_BSP_SCHEDULE_DELAY,
  };
}
