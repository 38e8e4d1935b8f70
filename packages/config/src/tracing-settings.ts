import { z } from 'zod';
import { PROTOCOLS, SAMPLERS, type TracingSettings } from '@tidings/runtime/tracing';
import { group } from './group.js';

const protocol = z.enum(PROTOCOLS, `must be ${PROTOCOLS.join(', ')}`).optional();
const url = z.url({ protocol: /^https?$/, hostname: /.*/, error: 'must be a URL: http://collector:4318' }).optional();
const RATIO = 'must be a number from 0 to 1';
const DELAY = 'must be a whole number of milliseconds from 1 to 60000';

/**
 * The standard variables of OpenTelemetry that decide whether and what is traced
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The exporter itself reads the variables
 * of how spans are sent, such as `OTEL_EXPORTER_OTLP_HEADERS`.
 */
export const tracingSettings = group('Tracing', {
  OTEL_SDK_DISABLED: z
    .string()
    .transform(isTrue)
    .default(false)
    .meta({ values: '`true`, `false`' })
    .describe(
      '`true`, in any case of letters: nothing is traced, whatever the other variables say. Any other value counts as `false`.',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.describe(
    'The OpenTelemetry collector: `http://collector:4318`. Over HTTP, spans are sent to `/v1/traces` there; collectors take gRPC at port 4317. Without an endpoint nothing is traced, unless `OTEL_TRACES_EXPORTER` is `otlp`.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.describe(
    'The complete URL that spans are sent to. It takes precedence over `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol.describe('The protocol to the collector. Unset: `http/protobuf`.'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol.describe('The same. It takes precedence over `OTEL_EXPORTER_OTLP_PROTOCOL`.'),
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

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Returns the settings of traces. Null when no endpoint and no exporter is set, or the exporter is `none`: no traces. */
export function tracingConfig(settings: z.output<z.ZodObject<typeof tracingSettings>>): TracingSettings | null {
  if (!isTraced(settings)) return null;
  return {
    protocol: settings.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? settings.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf',
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    scheduleDelayMs: settings.OTEL_BSP_SCHEDULE_DELAY,
  };
}

/** Reads a truth value as OpenTelemetry does: only "true" is true, in any case of letters. */
function isTrue(text: string): boolean {
  return text.trim().toLowerCase() === 'true';
}

/** Whether these values, read or still texts, ask for traces. */
function isTraced(values: Readonly<Record<string, unknown>>): boolean {
  const { OTEL_TRACES_EXPORTER: exporter, OTEL_SDK_DISABLED: disabled = '' } = values;
  if (isTrue(String(disabled))) return false;
  const hasEndpoint = ENDPOINTS.some((name) => values[name] !== undefined && values[name] !== '');
  return exporter === 'otlp' || (exporter !== 'none' && hasEndpoint);
}

/**
 * Takes variables of OpenTelemetry out of an environment while they have no effect, since nothing is traced, and their values
 * are not supported here. A platform sets them for all its processes: they must not keep this one from starting.
 *
 * @returns the remaining environment, and warnings: of each variable that was taken out, and of an `OTEL_SDK_DISABLED` that is
 * neither true nor false, as OpenTelemetry's specification asks
 */
export function withoutIdleTracing(env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; warnings: string[] } {
  const { OTEL_SDK_DISABLED: disabled = '' } = env;
  const isTruthValue = ['', 'true', 'false'].includes(disabled.trim().toLowerCase());
  const notes = isTruthValue ? [] : ['OTEL_SDK_DISABLED must be true or false: its value counts as false.'];
  if (isTraced(env)) return { env, warnings: notes };
  const mistakes = Object.entries(tracingSettings).flatMap(([name, schema]) => {
    const value = env[name];
    const message = value ? schema.safeParse(value).error?.issues[0]?.message : undefined;
    return message === undefined ? [] : [{ name, message }];
  });
  return {
    env: { ...env, ...Object.fromEntries(mistakes.map(({ name }) => [name, undefined])) },
    warnings: [...notes, ...mistakes.map(({ name, message }) => `${name} is ignored, since nothing is traced: it ${message}.`)],
  };
}
