-- Functions and triggers are generated from packages/database/functions: change them there.

DROP TRIGGER "webhooks_audit_changed" ON "webhooks";

DROP TRIGGER "webhooks_audit_made" ON "webhooks";

DROP FUNCTION "add_counts"(one integer[], other integer[]), "free_slots"(hook webhooks), "lock_log"(offered text[]), "lock_webhooks"(wanted text[]);

CREATE OR REPLACE FUNCTION add_counts(counts INTEGER[], more_counts INTEGER[])
RETURNS INTEGER[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(
  SELECT coalesce(a, 0) + coalesce(b, 0)
  FROM unnest(counts, more_counts) WITH ORDINALITY AS pair (a, b, place)
  ORDER BY place
);

CREATE OR REPLACE FUNCTION add_partition(label TEXT, from_at TIMESTAMPTZ, until_at TIMESTAMPTZ)
RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  first_at TEXT := coalesce(quote_literal(from_at), 'MINVALUE');
  first_id TEXT := coalesce(quote_literal(delivery_id_floor(from_at)), 'MINVALUE');
  end_id TEXT := quote_literal(delivery_id_floor(until_at));
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', 'events_' || label);
  EXECUTE format(
    'CREATE TABLE %I (LIKE deliveries INCLUDING ALL) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)',
    'deliveries_' || label
  );
  EXECUTE format('CREATE TABLE %I (LIKE attempts INCLUDING ALL)', 'attempts_' || label);

  EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', 'events_' || label, first_at, until_at);
  EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'deliveries_' || label, first_id, end_id);
  EXECUTE format('ALTER TABLE attempts ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'attempts_' || label, first_id, end_id);

  INSERT INTO partitions VALUES (label, from_at, until_at);
END $$;

CREATE OR REPLACE FUNCTION audit_webhook()
RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
  actor TEXT := coalesce(nullif(current_setting('tidings.actor', true), ''), 'tidings');
  public_fields TEXT[] := ARRAY['url', 'event_types', 'description', 'max_in_flight', 'rate_limit', 'ordering',
    'retry_max_attempts', 'retry_initial_delay_ms', 'retry_max_delay_ms', 'enabled'];
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

-- Claims and records update webhooks as well: this condition is the whole price that they pay for the audit.
CREATE OR REPLACE TRIGGER webhooks_audit_update AFTER UPDATE ON webhooks
  FOR EACH ROW WHEN (
    ROW(OLD.url, OLD.event_types, OLD.description, OLD.sealed_headers, OLD.sealed_secret, OLD.enabled, OLD.max_in_flight,
      OLD.rate_limit, OLD.ordering, OLD.retry_max_attempts, OLD.retry_initial_delay_ms, OLD.retry_max_delay_ms,
      OLD.disabled_reason, OLD.paused_at)
    IS DISTINCT FROM
    ROW(NEW.url, NEW.event_types, NEW.description, NEW.sealed_headers, NEW.sealed_secret, NEW.enabled, NEW.max_in_flight,
      NEW.rate_limit, NEW.ordering, NEW.retry_max_attempts, NEW.retry_initial_delay_ms, NEW.retry_max_delay_ms,
      NEW.disabled_reason, NEW.paused_at)
  ) EXECUTE FUNCTION audit_webhook();

CREATE OR REPLACE FUNCTION slots_of(webhook webhooks)
RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN webhook.circuit_opened_at IS NOT NULL OR webhook.ordering = 'fifo' THEN 1 ELSE webhook.max_in_flight END;

CREATE OR REPLACE FUNCTION unbounded_slots()
RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1000;

CREATE OR REPLACE FUNCTION free_slots(webhook webhooks)
RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF webhook.enabled IS NOT TRUE THEN RETURN unbounded_slots(); END IF;
  IF webhook.circuit_probe_at > now() OR webhook.paused_at IS NOT NULL THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause) IS NOT NULL THEN RETURN 0; END IF;
  RETURN greatest(
    0,
    slots_of(webhook) - (SELECT count(*)::int FROM deliveries WHERE webhook_id = webhook.id AND stage = 'admitted')
  );
END $$;

CREATE OR REPLACE FUNCTION is_deliverable(webhook webhooks)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN webhook.enabled OR webhook.disabled_reason IS NOT NULL;

CREATE OR REPLACE FUNCTION lock_log(event_ids TEXT[])
RETURNS TABLE (id TEXT, type TEXT, data TEXT) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Any number, as long as every process takes the same lock.
  PERFORM pg_advisory_xact_lock(4105112401);
  RETURN QUERY SELECT events.id, events.type, events.data::text FROM events WHERE events.id = ANY (event_ids);
END $$;

CREATE OR REPLACE FUNCTION lock_webhooks(webhook_ids TEXT[])
RETURNS TABLE (webhook webhooks, in_flight INTEGER, first_in_line TEXT) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_at TIMESTAMPTZ;
BEGIN
  PERFORM FROM webhooks WHERE id = ANY (webhook_ids) ORDER BY id FOR NO KEY UPDATE;
  locked_at := clock_timestamp();
  RETURN QUERY
    SELECT webhooks,
      (SELECT count(*)::int FROM deliveries
        WHERE webhook_id = webhooks.id AND stage = 'admitted' AND lease_token IS NOT NULL AND wake_at > locked_at),
      CASE WHEN webhooks.ordering = 'fifo' THEN (
        SELECT line.id FROM (
          (SELECT deliveries.id, priority, event_position FROM deliveries WHERE webhook_id = webhooks.id AND stage = 'admitted'
            ORDER BY priority, event_position LIMIT 1)
          UNION ALL
          (SELECT deliveries.id, priority, event_position FROM deliveries WHERE webhook_id = webhooks.id AND stage = 'parked'
            ORDER BY priority, event_position LIMIT 1)
        ) AS line ORDER BY priority, event_position LIMIT 1)
      END
    FROM webhooks WHERE webhooks.id = ANY (webhook_ids);
END $$;
