-- An owner has webhooks and gets events: a user, or later an organisation. Renamed before 1.0, with no aliases
-- (docs/decisions/0037-plain-names.md). Renaming changes the catalog only: no row is rewritten.
ALTER TABLE "webhooks" RENAME COLUMN "user_id" TO "owner";
ALTER TABLE "webhooks" RENAME COLUMN "disabled_told_at" TO "disabled_notified_at";
ALTER TABLE "events" RENAME COLUMN "user_id" TO "owner";
ALTER TABLE "deliveries" RENAME COLUMN "user_id" TO "owner";
ALTER TABLE "idempotency_keys" RENAME COLUMN "user_id" TO "owner";
ALTER TABLE "audit_log" RENAME COLUMN "user_id" TO "owner";
ALTER TABLE "user_settings" RENAME COLUMN "user_id" TO "owner";
ALTER TABLE "activity_users" RENAME COLUMN "user_id" TO "owner";

ALTER TABLE "user_settings" RENAME TO "owner_settings";
ALTER TABLE "activity_users" RENAME TO "activity_owners";
ALTER TABLE "delivering" RENAME TO "delivery_pause";

ALTER INDEX "webhooks_user_id_id_idx" RENAME TO "webhooks_owner_id_idx";
ALTER INDEX "webhooks_untold_idx" RENAME TO "webhooks_unnotified_idx";
ALTER INDEX "events_user_id_position_idx" RENAME TO "events_owner_position_idx";
ALTER INDEX "audit_log_user_id_id_idx" RENAME TO "audit_log_owner_id_idx";
ALTER INDEX "user_settings_pkey" RENAME TO "owner_settings_pkey";
ALTER INDEX "activity_users_pkey" RENAME TO "activity_owners_pkey";
ALTER INDEX "delivering_pkey" RENAME TO "delivery_pause_pkey";
ALTER TABLE "delivery_pause" RENAME CONSTRAINT "delivering_one_row" TO "delivery_pause_one_row";

ALTER FUNCTION "take_turn" RENAME TO "lock_log";

UPDATE "audit_log" SET action = 'owner.changed' WHERE action = 'user.changed';
UPDATE "audit_log" SET action = replace(action, 'delivering.', 'deliveries.') WHERE action IN ('delivering.paused', 'delivering.resumed');

CREATE OR REPLACE FUNCTION "free_slots"("hook" "webhooks") RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  slots INTEGER := CASE WHEN hook.circuit_opened_at IS NOT NULL OR hook.ordering = 'fifo' THEN 1 ELSE hook.max_in_flight END;
BEGIN
  IF hook.enabled IS NOT TRUE THEN RETURN 1000; END IF;
  IF hook.circuit_probe_at > now() OR hook.paused_at IS NOT NULL THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause) IS NOT NULL THEN RETURN 0; END IF;
  RETURN greatest(0, slots - (SELECT count(*)::int FROM deliveries WHERE webhook_id = hook.id AND stage = 'admitted'));
END $$;

CREATE OR REPLACE FUNCTION "audit_webhook"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
  actor TEXT := coalesce(nullif(current_setting('tidings.actor', true), ''), 'tidings');
  shown TEXT[] := ARRAY['url', 'event_types', 'description', 'max_in_flight', 'rate_limit', 'ordering', 'retry_max_attempts',
    'retry_initial_delay_ms', 'retry_max_delay_ms', 'enabled'];
  before JSONB := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
  after JSONB := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
  whose TEXT := coalesce(after, before) ->> 'owner';
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
    INSERT INTO audit_log (actor, action, owner, webhook_id, details) VALUES (actor, 'webhook.created', whose, which, changes);
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, 'webhook.deleted', OLD.owner, OLD.id, jsonb_build_object('url', jsonb_build_object('from', OLD.url, 'to', NULL)));
    RETURN NULL;
  END IF;
  IF changes <> '{}' THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details) VALUES (actor, 'webhook.changed', whose, which, changes);
  END IF;
  IF NEW.enabled <> OLD.enabled OR NEW.disabled_reason IS DISTINCT FROM OLD.disabled_reason THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN NEW.enabled THEN 'webhook.enabled' ELSE 'webhook.disabled' END, whose, which,
        jsonb_build_object('reason', jsonb_build_object('from', OLD.disabled_reason, 'to', NEW.disabled_reason)));
  END IF;
  IF (NEW.paused_at IS NULL) <> (OLD.paused_at IS NULL) THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN NEW.paused_at IS NULL THEN 'webhook.resumed' ELSE 'webhook.paused' END, whose, which, '{}');
  END IF;
  IF NEW.sealed_secret <> OLD.sealed_secret THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN actor = 'tidings reseal' THEN 'secret.resealed' ELSE 'secret.rotated' END, whose, which, '{}');
  END IF;
  RETURN NULL;
END $$;
