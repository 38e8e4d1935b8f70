-- Writes each change of a webhook to the audit log, in the same commit, for every statement that changes the row.
--
-- The actor is the transaction's setting `tidings.actor`, and its kind the setting `tidings.actor_kind`; without an actor it is
-- Tidings itself. A token may name any actor, also `tidings`: only the kind tells them apart. A process of the version before
-- names no kind, while it runs beside newer ones. Of secret columns the log records only that they changed.
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
