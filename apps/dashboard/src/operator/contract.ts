import type { Page, Webhook } from '../api/api.js';

/** Whether anything is delivered at all. */
export interface Delivering {
  paused: boolean;
  paused_at: string | null;
  paused_by: string | null;
}

export interface Minute {
  at: string;
  succeeded: number;
  failed: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

export interface Overview {
  delivering: Delivering;
  queue: { admitted: number; backoff: number; parked: number; oldest_pending_at: string | null };
  webhooks: { total: number; enabled: number; disabled: number; failing: number; circuit_open: number; paused: number };
  minutes: Minute[];
  errors: { error_class: string; count: number }[];
}

export interface User {
  user_id: string;
  webhooks: number;
  pending: number;
  attempts: number;
  failed: number;
  busy_ms: number;
  disabled: boolean;
  webhooks_limit: number | null;
  requests_per_minute: number | null;
}

export type UserChange = Partial<Pick<User, 'disabled' | 'webhooks_limit' | 'requests_per_minute'>>;

/** Anybody's webhook. */
export type OwnedWebhook = Webhook & { user_id: string };

export type WebhookState = 'failing' | 'disabled' | 'paused' | 'circuit_open';

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: string;
  user_id: string | null;
  webhook_id: string | null;
  details: Record<string, { from?: unknown; to?: unknown }>;
}

export type { Page };
