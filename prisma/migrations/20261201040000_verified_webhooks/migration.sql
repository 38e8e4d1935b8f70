-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "unverified_since" TIMESTAMPTZ(3),
ADD COLUMN     "verification_error" TEXT,
ADD COLUMN     "verification_error_class" TEXT,
ADD COLUMN     "verification_failed_at" TIMESTAMPTZ(3),
ADD COLUMN     "verified_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "verifications" (
    "webhook_id" TEXT NOT NULL,
    "next_at" TIMESTAMPTZ(6) DEFAULT CURRENT_TIMESTAMP,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "verifications_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateTable
CREATE TABLE "replays" (
    "webhook_id" TEXT NOT NULL,
    "destination" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "replays_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateIndex
CREATE INDEX "verifications_next_at_idx" ON "verifications"("next_at");

-- CreateIndex
CREATE INDEX "replays_destination_until_idx" ON "replays"("destination", "until");

-- Functions and triggers are generated from packages/database/functions: change them there.

CREATE OR REPLACE FUNCTION is_paused(webhook webhooks)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN webhook.paused_at IS NOT NULL OR webhook.owner_paused_at IS NOT NULL
  OR webhook.unverified_since IS NOT NULL;

CREATE OR REPLACE FUNCTION paused_by(webhook webhooks)
RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(ARRAY[
  CASE WHEN webhook.owner_paused_at IS NOT NULL THEN 'owner' END,
  CASE WHEN webhook.paused_at IS NOT NULL THEN 'operator' END,
  CASE WHEN webhook.unverified_since IS NOT NULL THEN 'verification' END
], NULL);

CREATE OR REPLACE FUNCTION audit_webhook()
RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
  actor TEXT := coalesce(nullif(current_setting('tidings.actor', true), ''), 'tidings');
  kind TEXT := CASE WHEN nullif(current_setting('tidings.actor', true), '') IS NULL THEN 'system'
    ELSE nullif(current_setting('tidings.actor_kind', true), '') END;
  is_reseal BOOLEAN := actor = 'tidings reseal' AND coalesce(kind, 'system') = 'system';
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
  IF before ->> 'sealed_headers' IS DISTINCT FROM after ->> 'sealed_headers' AND NOT is_reseal THEN
    changes := changes || '{"headers": {"from": "secret", "to": "secret"}}';
  END IF;

  IF TG_OP = 'INSERT' THEN
    IF is_paused(NEW) THEN
      changes := changes || jsonb_build_object('paused_by', jsonb_build_object('from', NULL, 'to', paused_by(NEW)));
    END IF;
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, 'webhook.created', audited_owner, audited_id, changes);
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, 'webhook.deleted', OLD.owner, OLD.id, jsonb_build_object('url', jsonb_build_object('from', OLD.url, 'to', NULL)));
    RETURN NULL;
  END IF;

  IF changes <> '{}' THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, 'webhook.changed', audited_owner, audited_id, changes);
  END IF;
  IF NEW.enabled <> OLD.enabled OR NEW.disabled_reason IS DISTINCT FROM OLD.disabled_reason THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, CASE WHEN NEW.enabled THEN 'webhook.enabled' ELSE 'webhook.disabled' END, audited_owner, audited_id,
        jsonb_build_object('reason', jsonb_build_object('from', OLD.disabled_reason, 'to', NEW.disabled_reason)));
  END IF;
  IF paused_by(NEW) <> paused_by(OLD) THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, CASE WHEN paused_by(NEW) <@ paused_by(OLD) THEN 'webhook.resumed' ELSE 'webhook.paused' END, audited_owner, audited_id,
        jsonb_build_object('paused_by', jsonb_build_object('from', paused_by(OLD), 'to', paused_by(NEW))));
  END IF;
  IF NEW.sealed_secret <> OLD.sealed_secret THEN
    INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
      VALUES (actor, kind, CASE WHEN is_reseal THEN 'secret.resealed' ELSE 'secret.rotated' END, audited_owner, audited_id, '{}');
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
      OLD.retry_schedule, OLD.disabled_reason, OLD.paused_at, OLD.owner_paused_at, OLD.unverified_since)
    IS DISTINCT FROM
    ROW(NEW.url, NEW.event_types, NEW.description, NEW.sealed_headers, NEW.sealed_secret, NEW.enabled, NEW.max_in_flight,
      NEW.rate_limit, NEW.ordering, NEW.retry_max_attempts, NEW.retry_initial_delay_ms, NEW.retry_max_delay_ms,
      NEW.retry_schedule, NEW.disabled_reason, NEW.paused_at, NEW.owner_paused_at, NEW.unverified_since)
  ) EXECUTE FUNCTION audit_webhook();

CREATE OR REPLACE FUNCTION follow_webhook()
RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM subscriptions
      WHERE webhook_id = OLD.id AND (TG_OP = 'DELETE' OR NOT is_deliverable(NEW) OR pattern <> ALL (NEW.event_types));
  END IF;
  IF TG_OP <> 'DELETE' AND is_deliverable(NEW) THEN
    INSERT INTO subscriptions (pattern, webhook_id) SELECT DISTINCT unnest(NEW.event_types), NEW.id ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP = 'DELETE' THEN DELETE FROM line_starts WHERE webhook_id = OLD.id; END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.enabled AND NOT NEW.enabled) THEN
    INSERT INTO cancellations (webhook_id, requested_at) VALUES (OLD.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET requested_at = excluded.requested_at;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NOT is_paused(NEW)) THEN
    DELETE FROM expiry_notices WHERE webhook_id = OLD.id;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.unverified_since IS NULL) THEN
    DELETE FROM verifications WHERE webhook_id = OLD.id;
  ELSIF NEW.unverified_since IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.unverified_since IS DISTINCT FROM OLD.unverified_since) THEN
    INSERT INTO verifications (webhook_id, next_at) VALUES (NEW.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET next_at = excluded.next_at, attempt_count = 0;
  ELSIF NEW.unverified_since IS NOT NULL AND NEW.enabled AND NOT OLD.enabled THEN
    UPDATE verifications SET next_at = clock_timestamp() WHERE webhook_id = NEW.id;
  END IF;
  IF TG_OP = 'DELETE' THEN DELETE FROM replays WHERE webhook_id = OLD.id; END IF;
  IF TG_OP = 'UPDATE' AND NEW.ordering <> OLD.ordering THEN
    -- A webhook that became fifo may be behind the cursor of those, and one that was fifo may have its delivery already.
    UPDATE expansions SET ordering_changed = true, fifo_done = fifo_done AND NEW.ordering <> 'fifo',
      fifo_cursor = CASE WHEN NEW.ordering = 'fifo' THEN '' ELSE fifo_cursor END;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_follow_insert_delete AFTER INSERT OR DELETE ON webhooks
  FOR EACH ROW EXECUTE FUNCTION follow_webhook();

CREATE OR REPLACE TRIGGER webhooks_follow_update AFTER UPDATE ON webhooks
  FOR EACH ROW WHEN (
    ROW(OLD.enabled, OLD.disabled_reason, OLD.event_types, OLD.ordering, OLD.paused_at, OLD.owner_paused_at, OLD.unverified_since)
    IS DISTINCT FROM
    ROW(NEW.enabled, NEW.disabled_reason, NEW.event_types, NEW.ordering, NEW.paused_at, NEW.owner_paused_at, NEW.unverified_since)
  ) EXECUTE FUNCTION follow_webhook();
