import type { Webhook } from '../api/api.js';

/** A webhook's settings as they are being written, before they are sent. */
export interface Draft {
  url: string;
  description: string;
  /** Patterns; none: everything. */
  eventTypes: string[];
  headers: HeaderLine[];
  maxInFlight: number | null;
  rateLimit: number | null;
  ordering: 'unordered' | 'fifo';
  retry: { maxAttempts: number | null; initialDelayS: number | null; maxDelayS: number | null };
}

export interface HeaderLine {
  /** To tell lines apart while they are written. */
  key: number;
  name: string;
  value: string;
}

const EVERYTHING = ['*'];

export const NEW_DRAFT: Draft = {
  url: '',
  description: '',
  eventTypes: [],
  headers: [],
  maxInFlight: null,
  rateLimit: null,
  ordering: 'unordered',
  retry: { maxAttempts: null, initialDelayS: null, maxDelayS: null },
};

/** The settings of a webhook that is there. Its headers' values are never shown, so there are none to begin with. */
export function draftOf(webhook: Webhook): Draft {
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
      maxAttempts: retry?.max_attempts ?? null,
      initialDelayS: inSeconds(retry?.initial_delay_ms),
      maxDelayS: inSeconds(retry?.max_delay_ms),
    },
  };
}

/**
 * The body to send. Headers are sent only when they are meant to be replaced, and how many requests at once only when it
 * was said.
 */
export function bodyOf(draft: Draft, { replaceHeaders }: { replaceHeaders: boolean }) {
  const { maxAttempts, initialDelayS, maxDelayS } = draft.retry;
  const retry = {
    ...(maxAttempts === null ? {} : { max_attempts: maxAttempts }),
    ...(initialDelayS === null ? {} : { initial_delay_ms: initialDelayS * 1000 }),
    ...(maxDelayS === null ? {} : { max_delay_ms: maxDelayS * 1000 }),
  };
  const named = draft.headers.filter(({ name, value }) => name !== '' || value !== '');
  return {
    url: draft.url,
    description: draft.description === '' ? null : draft.description,
    event_types: draft.eventTypes.length === 0 ? EVERYTHING : draft.eventTypes,
    ordering: draft.ordering,
    rate_limit: draft.rateLimit,
    retry: Object.keys(retry).length === 0 ? null : retry,
    ...(draft.maxInFlight === null ? {} : { max_in_flight: draft.maxInFlight }),
    ...(replaceHeaders ? { headers: Object.fromEntries(named.map(({ name, value }) => [name, value])) } : {}),
  };
}

function inSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000;
}

/** The mistakes of a field and of everything below it (`event_types`, `event_types.0`), in one text. */
export function mistakesOf(fields: Readonly<Record<string, string>>, name: string): string | undefined {
  const own = Object.entries(fields).filter(([field]) => field === name || field.startsWith(`${name}.`));
  if (own.length === 0) return undefined;
  return own
    .map(([field, message]) => (field === name ? capital(message) : `${field.slice(name.length + 1)}: ${message}`))
    .join(' ');
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}

/** The mistakes that no field of the form stands for. */
export function otherMistakes(fields: Readonly<Record<string, string>>): string[] {
  const known = Object.keys(bodyOf(NEW_DRAFT, { replaceHeaders: true })).concat('max_in_flight');
  return Object.entries(fields)
    .filter(([field]) => !known.includes(field.split('.')[0] ?? ''))
    .map(([field, message]) => (field === '' ? capital(message) : `${field}: ${message}`));
}
