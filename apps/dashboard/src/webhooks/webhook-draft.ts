import type { Webhook } from '../api/api.js';

/** The content of the webhook form. */
export interface WebhookDraft {
  url: string;
  description: string;
  /** Patterns; an empty list means all event types. */
  eventTypes: string[];
  headers: HeaderLine[];
  maxInFlight: number | null;
  rateLimit: number | null;
  ordering: 'unordered' | 'fifo';
  /** `schedule`: the name of a schedule, instead of the other values; null: none. */
  retry: {
    schedule: 'standard-webhooks' | null;
    maxAttempts: number | null;
    initialDelayS: number | null;
    maxDelayS: number | null;
  };
}

/** A custom header in the form. */
export interface HeaderLine {
  /** Identifies the line in React. */
  key: number;
  name: string;
  value: string;
}

const ALL_TYPES = ['*'];

/** The empty form. */
export const NEW_DRAFT: WebhookDraft = {
  url: '',
  description: '',
  eventTypes: [],
  headers: [],
  maxInFlight: null,
  rateLimit: null,
  ordering: 'unordered',
  retry: { schedule: null, maxAttempts: null, initialDelayS: null, maxDelayS: null },
};

/** Returns the form content for an existing webhook. The API never returns header values, so the headers start empty. */
export function draftOf(webhook: Webhook): WebhookDraft {
  const { retry } = webhook;
  return {
    url: webhook.url,
    description: webhook.description ?? '',
    eventTypes: webhook.event_types.includes('*') ? [] : webhook.event_types,
    headers: [],
    maxInFlight: webhook.max_in_flight,
    rateLimit: webhook.rate_limit,
    ordering: webhook.ordering,
    retry: {
      schedule: retry?.schedule ?? null,
      maxAttempts: retry?.max_attempts ?? null,
      initialDelayS: inSeconds(retry?.initial_delay_ms),
      maxDelayS: inSeconds(retry?.max_delay_ms),
    },
  };
}

/**
 * Returns the request body for the form content. It includes `headers` only when they are replaced, and `max_in_flight`
 * only when it is set.
 */
export function bodyOf(draft: WebhookDraft, { replaceHeaders }: { replaceHeaders: boolean }) {
  const { schedule, maxAttempts, initialDelayS, maxDelayS } = draft.retry;
  const values = {
    ...(maxAttempts === null ? {} : { max_attempts: maxAttempts }),
    ...(initialDelayS === null ? {} : { initial_delay_ms: initialDelayS * 1000 }),
    ...(maxDelayS === null ? {} : { max_delay_ms: maxDelayS * 1000 }),
  };
  const filledLines = draft.headers.filter(({ name, value }) => name !== '' || value !== '');
  return {
    url: draft.url,
    description: draft.description === '' ? null : draft.description,
    event_types: draft.eventTypes.length === 0 ? ALL_TYPES : draft.eventTypes,
    ordering: draft.ordering,
    rate_limit: draft.rateLimit,
    retry: schedule !== null ? { schedule } : Object.keys(values).length === 0 ? null : values,
    ...(draft.maxInFlight === null ? {} : { max_in_flight: draft.maxInFlight }),
    ...(replaceHeaders ? { headers: Object.fromEntries(filledLines.map(({ name, value }) => [name, value])) } : {}),
  };
}

function inSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000;
}

/** Returns the errors of a field and its parts (`event_types`, `event_types.0`) as one text. */
export function fieldError(fields: Readonly<Record<string, string>>, name: string): string | undefined {
  const matching = Object.entries(fields).filter(([field]) => field === name || field.startsWith(`${name}.`));
  if (matching.length === 0) return undefined;
  return matching
    .map(([field, message]) => (field === name ? toSentence(message) : `${field.slice(name.length + 1)}: ${message}`))
    .join(' ');
}

function toSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}

/** Returns the errors for which the form has no field. */
export function unmatchedErrors(fields: Readonly<Record<string, string>>): string[] {
  const known = Object.keys(bodyOf(NEW_DRAFT, { replaceHeaders: true })).concat('max_in_flight');
  return Object.entries(fields)
    .filter(([field]) => !known.includes(field.split('.')[0] ?? ''))
    .map(([field, message]) => (field === '' ? toSentence(message) : `${field}: ${message}`));
}
