-- AlterTable
ALTER TABLE "pending_deliveries" ADD COLUMN     "first_attempt_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "backoff_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "learned_from" DOUBLE PRECISION,
ADD COLUMN     "learned_rate" DOUBLE PRECISION,
ADD COLUMN     "retry_schedule" TEXT,
ADD COLUMN     "slow_downs" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "slowed_at" TIMESTAMPTZ(6),
ADD COLUMN     "throttled_until" TIMESTAMPTZ(6);

-- Functions and triggers are generated from packages/database/functions: change them there.

CREATE OR REPLACE FUNCTION audit_webhook()
RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
  actor TEXT := coalesce(nullif(current_setting('tidings.actor', true), ''), 'tidings');
  public_fields TEXT[] := ARRAY['url', 'event_types', 'description', 'max_in_flight', 'rate_limit', 'ordering',
    'retry_max_attempts', 'retry_initial_delay_ms', 'retry_max_delay_ms', 'retry_schedule', 'enabled'];
  before JSONB := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
  after JSONB := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
  audited_owner TEXT := coalesce(after, before) ->> 'owner';
  audited_id TEXT := coalesce(after, before) ->> 'id';
  changes JSONB;
BEGIN
  SELECT coalesce(jsonb_object_agg(field, jsonb_build_object('from', before -> field, 'to', after -> field)), '{}') INTO changes
    FROM unnest(public_fields) AS field
    WHERE nullif(before -> field, 'null') IS DISTINCT FROM nullif(after -> field, 'null')
      AND (field <> 'enabled' OR TG_OP = 'INSERT');
  IF before ->> 'sealed_headers' IS DISTINCT FROM after ->> 'sealed_headers' AND actor <> 'tidings reseal' THEN
    changes := changes || '{"headers": {"from": "secret", "to": "secret"}}';
  END IF;

  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, 'webhook.created', audited_owner, audited_id, changes);
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, 'webhook.deleted', OLD.owner, OLD.id, jsonb_build_object('url', jsonb_build_object('from', OLD.url, 'to', NULL)));
    RETURN NULL;
  END IF;

  IF changes <> '{}' THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, 'webhook.changed', audited_owner, audited_id, changes);
  END IF;
  IF NEW.enabled <> OLD.enabled OR NEW.disabled_reason IS DISTINCT FROM OLD.disabled_reason THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN NEW.enabled THEN 'webhook.enabled' ELSE 'webhook.disabled' END, audited_owner, audited_id,
        jsonb_build_object('reason', jsonb_build_object('from', OLD.disabled_reason, 'to', NEW.disabled_reason)));
  END IF;
  IF (NEW.paused_at IS NULL) <> (OLD.paused_at IS NULL) THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN NEW.paused_at IS NULL THEN 'webhook.resumed' ELSE 'webhook.paused' END, audited_owner, audited_id, '{}');
  END IF;
  IF NEW.sealed_secret <> OLD.sealed_secret THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN actor = 'tidings reseal' THEN 'secret.resealed' ELSE 'secret.rotated' END, audited_owner, audited_id, '{}');
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_audit_insert_delete AFTER INSERT OR DELETE ON webhooks
  FOR EACH ROW EXECUTE FUNCTION audit_webhook();

-- Claims and records update webhooks as well: for them the audit costs only this condition.
CREATE OR REPLACE TRIGGER webhooks_audit_update AFTER UPDATE ON webhooks
  FOR EACH ROW WHEN (
    ROW(OLD.url, OLD.event_types, OLD.description, OLD.sealed_headers, OLD.sealed_secret, OLD.enabled, OLD.max_in_flight,
      OLD.rate_limit, OLD.ordering, OLD.retry_max_attempts, OLD.retry_initial_delay_ms, OLD.retry_max_delay_ms,
      OLD.retry_schedule, OLD.disabled_reason, OLD.paused_at)
    IS DISTINCT FROM
    ROW(NEW.url, NEW.event_types, NEW.description, NEW.sealed_headers, NEW.sealed_secret, NEW.enabled, NEW.max_in_flight,
      NEW.rate_limit, NEW.ordering, NEW.retry_max_attempts, NEW.retry_initial_delay_ms, NEW.retry_max_delay_ms,
      NEW.retry_schedule, NEW.disabled_reason, NEW.paused_at)
  ) EXECUTE FUNCTION audit_webhook();

CREATE OR REPLACE FUNCTION slots_of(webhook webhooks)
RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN webhook.circuit_opened_at IS NOT NULL OR webhook.throttled_until IS NOT NULL OR webhook.ordering = 'fifo' THEN 1
  ELSE webhook.max_in_flight END;

CREATE OR REPLACE FUNCTION waits_for_probe(webhook webhooks, at TIMESTAMPTZ)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(webhook.circuit_probe_at > at AND webhook.circuit_probe_at <= at + interval '5 min', false)
  OR coalesce(webhook.throttled_until > at AND webhook.throttled_until <= at + interval '1 h', false);

CREATE OR REPLACE FUNCTION learned_rate_at(webhook webhooks, at TIMESTAMPTZ)
RETURNS FLOAT8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN webhook.slowed_at BETWEEN at - interval '1 h' AND at + interval '1 h' THEN webhook.learned_rate END;

CREATE OR REPLACE FUNCTION raised_rate(webhook webhooks, at TIMESTAMPTZ, requests INTEGER)
RETURNS FLOAT8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  rate FLOAT8 := learned_rate_at(webhook, at);
BEGIN
  IF webhook.throttled_until IS NOT NULL THEN RETURN rate; END IF;
  rate := rate + requests * CASE WHEN webhook.learned_from IS NULL OR rate > 2 * webhook.learned_from
    THEN 0.5::float8 * least(1::float8, rate)
    ELSE 0.02::float8 * webhook.learned_from * least(1::float8, 5::float8 / rate) END;
  RETURN CASE WHEN rate < coalesce(webhook.rate_limit, 10000) THEN rate END;
END $$;

CREATE OR REPLACE FUNCTION rate_of(webhook webhooks, at TIMESTAMPTZ)
RETURNS FLOAT8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(webhook.rate_limit::float8, learned_rate_at(webhook, at));

CREATE OR REPLACE FUNCTION slow_down(webhook webhooks, at TIMESTAMPTZ, throttled_since INTEGER, overloaded_since INTEGER,
  answered_since INTEGER, asked_ms FLOAT8, jitter FLOAT8)
RETURNS webhooks LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  is_throttled BOOLEAN := coalesce(throttled_since = webhook.slow_downs, false);
  is_overloaded BOOLEAN := NOT is_throttled AND coalesce(overloaded_since = webhook.slow_downs, false);
  is_held BOOLEAN := is_throttled OR (throttled_since IS NOT NULL AND asked_ms IS NOT NULL);
  is_answered BOOLEAN := coalesce(answered_since = webhook.slow_downs, false);
  rate FLOAT8 := learned_rate_at(webhook, at);
  longer FLOAT8 := 1::float8 + 0.1::float8 * jitter;
  hold_ms FLOAT8;
BEGIN
  IF is_throttled THEN
    IF webhook.throttled_until IS NULL THEN webhook.learned_from := rate; END IF;
    webhook.learned_rate := CASE WHEN rate IS NULL THEN least(1::float8, webhook.rate_limit / 2::float8)
      WHEN webhook.throttled_until IS NULL THEN greatest(1::float8 / 60, rate / 2) ELSE rate END;
    IF asked_ms IS NULL THEN webhook.backoff_count := webhook.backoff_count + 1; END IF;
  ELSIF is_overloaded THEN
    webhook.learned_from := rate;
    webhook.learned_rate := CASE WHEN rate IS NULL THEN least(webhook.max_in_flight::float8, webhook.rate_limit / 2::float8)
      ELSE greatest(least(1::float8, rate), rate / 2) END;
  END IF;
  IF is_throttled OR is_overloaded THEN webhook.slowed_at := at; END IF;

  IF is_held THEN
    hold_ms := least(3600000, greatest(longer * greatest(1000, asked_ms),
      CASE WHEN webhook.backoff_count > 0 THEN least(300000, longer * 1000 * 2 ^ (least(webhook.backoff_count, 20) - 1)) END));
    webhook.throttled_until := greatest(at + make_interval(secs => hold_ms / 1000),
      CASE WHEN webhook.throttled_until <= at + interval '1 h' THEN webhook.throttled_until END);
  ELSIF is_answered THEN
    webhook.throttled_until := NULL;
    webhook.backoff_count := 0;
  END IF;
  IF is_held OR is_overloaded THEN webhook.slow_downs := webhook.slow_downs + 1; END IF;
  RETURN webhook;
END $$;
