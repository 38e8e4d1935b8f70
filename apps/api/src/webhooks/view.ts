import type { Webhook } from '@tidings/database';

/** A webhook as the API shows it: the secret never, of the headers the names. */
export interface WebhookView extends Omit<Webhook, 'sealedSecret' | 'sealedHeaders'> {
  headerNames: string[];
}

type Circuit = Pick<Webhook, 'circuitOpenedAt' | 'circuitProbeAt'>;

/** Where the circuit stands: open until the next probe is due, then half open until it was made. */
export function circuitState({ circuitOpenedAt, circuitProbeAt }: Circuit, now: Date): 'closed' | 'open' | 'half_open' {
  if (circuitOpenedAt === null) return 'closed';
  return circuitProbeAt !== null && circuitProbeAt > now ? 'open' : 'half_open';
}

/** The JSON of a webhook. What the worker keeps for itself in its row is left out. */
export function webhookToJson(webhook: WebhookView, now = new Date()) {
  return {
    id: webhook.id,
    url: webhook.url,
    event_types: webhook.eventTypes,
    description: webhook.description,
    header_names: webhook.headerNames,
    enabled: webhook.enabled,
    max_in_flight: webhook.maxInFlight,
    rate_limit: webhook.rateLimit,
    ordering: webhook.ordering,
    retry: retryToJson(webhook),
    disabled_reason: webhook.disabledReason,
    disabled_at: webhook.disabledAt,
    failing_since: webhook.failingSince,
    circuit: {
      state: circuitState(webhook, now),
      opened_at: webhook.circuitOpenedAt,
      probe_at: webhook.circuitProbeAt,
    },
    created_at: webhook.createdAt,
    updated_at: webhook.updatedAt,
  };
}

/** What was set, as it was set; null where the system's policy holds in everything. */
function retryToJson({ retryMaxAttempts, retryInitialDelayMs, retryMaxDelayMs }: WebhookView) {
  const set = Object.entries({
    max_attempts: retryMaxAttempts,
    initial_delay_ms: retryInitialDelayMs,
    max_delay_ms: retryMaxDelayMs,
  }).filter(([, value]) => value !== null);
  return set.length === 0 ? null : Object.fromEntries(set);
}
