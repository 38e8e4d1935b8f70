-- AlterEnum
ALTER TYPE "webhook_disabled_reason" ADD VALUE 'operator';

-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN "paused_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "delivering" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "paused_at" TIMESTAMPTZ(3),
    "paused_by" TEXT,

    CONSTRAINT "delivering_pkey" PRIMARY KEY ("only"),
    CONSTRAINT "delivering_one_row" CHECK ("only")
);
INSERT INTO "delivering" DEFAULT VALUES;

-- CreateTable
CREATE TABLE "user_settings" (
    "user_id" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "webhooks_limit" INTEGER,
    "requests_per_minute" INTEGER,

    CONSTRAINT "user_settings_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "user_id" TEXT,
    "webhook_id" TEXT,
    "details" JSONB NOT NULL,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "audit_log_user_id_id_idx" ON "audit_log"("user_id", "id");

-- CreateIndex
CREATE INDEX "audit_log_webhook_id_id_idx" ON "audit_log"("webhook_id", "id");

-- CreateTable
CREATE TABLE "activity_minutes" (
    "minute" TIMESTAMPTZ(0) NOT NULL,
    "outcome" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "durations" INTEGER[],

    CONSTRAINT "activity_minutes_pkey" PRIMARY KEY ("minute","outcome")
);

-- CreateTable
CREATE TABLE "activity_users" (
    "period" TIMESTAMPTZ(0) NOT NULL,
    "user_id" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "busy_ms" BIGINT NOT NULL,

    CONSTRAINT "activity_users_pkey" PRIMARY KEY ("period","user_id")
);

-- Two lists of counts, added up.
CREATE FUNCTION "add_counts"("one" INTEGER[], "other" INTEGER[]) RETURNS INTEGER[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest("one", "other") WITH ORDINALITY AS pair (a, b, place) ORDER BY place);

-- As before, and none for a webhook that waits for its operator, or while all do.
CREATE OR REPLACE FUNCTION "free_slots"("hook" "webhooks") RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  slots INTEGER := CASE WHEN hook.circuit_opened_at IS NOT NULL OR hook.ordering = 'fifo' THEN 1 ELSE hook.max_in_flight END;
BEGIN
  IF hook.enabled IS NOT TRUE THEN RETURN 1000; END IF;
  IF hook.circuit_probe_at > now() OR hook.paused_at IS NOT NULL THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivering) IS NOT NULL THEN RETURN 0; END IF;
  RETURN greatest(0, slots - (SELECT count(*)::int FROM deliveries WHERE webhook_id = hook.id AND stage = 'admitted'));
END $$;

-- What an owner, an operator or Tidings changes of a webhook goes into the audit log with the same commit, whichever way
-- it is changed. Who does it is said by `set_config('tidings.actor', …, true)`; otherwise it is Tidings itself.
CREATE FUNCTION "audit_webhook"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
  actor TEXT := coalesce(nullif(current_setting('tidings.actor', true), ''), 'tidings');
  shown TEXT[] := ARRAY['url', 'event_types', 'description', 'max_in_flight', 'rate_limit', 'ordering', 'retry_max_attempts',
    'retry_initial_delay_ms', 'retry_max_delay_ms', 'enabled'];
  before JSONB := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
  after JSONB := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
  whose TEXT := coalesce(after, before) ->> 'user_id';
  which TEXT := coalesce(after, before) ->> 'id';
  changes JSONB;
BEGIN
  SELECT coalesce(jsonb_object_agg(field, jsonb_build_object('from', before -> field, 'to', after -> field)), '{}') INTO changes
    FROM unnest(shown) AS field
    WHERE nullif(before -> field, 'null') IS DISTINCT FROM nullif(after -> field, 'null') AND (field <> 'enabled' OR TG_OP = 'INSERT');
  IF before ->> 'sealed_headers' IS DISTINCT FROM after ->> 'sealed_headers' AND actor <> 'tidings reseal' THEN
    changes := changes || '{"headers": {"from": "secret", "to": "secret"}}';
  END IF;

  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_log (actor, action, user_id, webhook_id, details) VALUES (actor, 'webhook.created', whose, which, changes);
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO audit_log (actor, action, user_id, webhook_id, details)
      VALUES (actor, 'webhook.deleted', OLD.user_id, OLD.id, jsonb_build_object('url', jsonb_build_object('from', OLD.url, 'to', NULL)));
    RETURN NULL;
  END IF;
  IF changes <> '{}' THEN
    INSERT INTO audit_log (actor, action, user_id, webhook_id, details) VALUES (actor, 'webhook.changed', whose, which, changes);
  END IF;
  IF NEW.enabled <> OLD.enabled OR NEW.disabled_reason IS DISTINCT FROM OLD.disabled_reason THEN
    INSERT INTO audit_log (actor, action, user_id, webhook_id, details)
      VALUES (actor, CASE WHEN NEW.enabled THEN 'webhook.enabled' ELSE 'webhook.disabled' END, whose, which,
        jsonb_build_object('reason', jsonb_build_object('from', OLD.disabled_reason, 'to', NEW.disabled_reason)));
  END IF;
  IF (NEW.paused_at IS NULL) <> (OLD.paused_at IS NULL) THEN
    INSERT INTO audit_log (actor, action, user_id, webhook_id, details)
      VALUES (actor, CASE WHEN NEW.paused_at IS NULL THEN 'webhook.resumed' ELSE 'webhook.paused' END, whose, which, '{}');
  END IF;
  IF NEW.sealed_secret <> OLD.sealed_secret THEN
    INSERT INTO audit_log (actor, action, user_id, webhook_id, details)
      VALUES (actor, CASE WHEN actor = 'tidings reseal' THEN 'secret.resealed' ELSE 'secret.rotated' END, whose, which, '{}');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "webhooks_audit_made" AFTER INSERT OR DELETE ON "webhooks" FOR EACH ROW EXECUTE FUNCTION "audit_webhook"();
-- Claims and records write a webhook's row as well: for them this condition is all that it costs.
CREATE TRIGGER "webhooks_audit_changed" AFTER UPDATE ON "webhooks" FOR EACH ROW
  WHEN (ROW(OLD.url, OLD.event_types, OLD.description, OLD.sealed_headers, OLD.sealed_secret, OLD.enabled, OLD.max_in_flight,
      OLD.rate_limit, OLD.ordering, OLD.retry_max_attempts, OLD.retry_initial_delay_ms, OLD.retry_max_delay_ms, OLD.disabled_reason,
      OLD.paused_at)
    IS DISTINCT FROM ROW(NEW.url, NEW.event_types, NEW.description, NEW.sealed_headers, NEW.sealed_secret, NEW.enabled, NEW.max_in_flight,
      NEW.rate_limit, NEW.ordering, NEW.retry_max_attempts, NEW.retry_initial_delay_ms, NEW.retry_max_delay_ms, NEW.disabled_reason,
      NEW.paused_at))
  EXECUTE FUNCTION "audit_webhook"();
