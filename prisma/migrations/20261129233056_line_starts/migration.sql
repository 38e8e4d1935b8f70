-- DropIndex
DROP INDEX "pending_deliveries_admitted_idx";

-- CreateTable
CREATE TABLE "line_starts" (
    "webhook_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "line_starts_key" ON "line_starts"("webhook_id", "position" DESC);

-- CreateIndex
CREATE INDEX "pending_deliveries_admitted_first_idx" ON "pending_deliveries"("webhook_id", "event_position") WHERE (stage = 'admitted'::delivery_stage AND priority = 0);

-- CreateIndex
CREATE INDEX "pending_deliveries_admitted_again_idx" ON "pending_deliveries"("webhook_id", "wake_at") WHERE (stage = 'admitted'::delivery_stage AND priority > 0);

-- Functions and triggers are generated from packages/database/functions: change them there.

DROP FUNCTION "has_parked"(id_of_webhook text);

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
    IF is_paused(NEW) THEN
      changes := changes || jsonb_build_object('paused_by', jsonb_build_object('from', NULL, 'to', paused_by(NEW)));
    END IF;
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
  IF paused_by(NEW) <> paused_by(OLD) THEN
    INSERT INTO audit_log (actor, action, owner, webhook_id, details)
      VALUES (actor, CASE WHEN paused_by(NEW) <@ paused_by(OLD) THEN 'webhook.resumed' ELSE 'webhook.paused' END, audited_owner, audited_id,
        jsonb_build_object('paused_by', jsonb_build_object('from', paused_by(OLD), 'to', paused_by(NEW))));
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
      OLD.retry_schedule, OLD.disabled_reason, OLD.paused_at, OLD.owner_paused_at)
    IS DISTINCT FROM
    ROW(NEW.url, NEW.event_types, NEW.description, NEW.sealed_headers, NEW.sealed_secret, NEW.enabled, NEW.max_in_flight,
      NEW.rate_limit, NEW.ordering, NEW.retry_max_attempts, NEW.retry_initial_delay_ms, NEW.retry_max_delay_ms,
      NEW.retry_schedule, NEW.disabled_reason, NEW.paused_at, NEW.owner_paused_at)
  ) EXECUTE FUNCTION audit_webhook();

CREATE OR REPLACE FUNCTION line_start(of_webhook TEXT)
RETURNS BIGINT LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce((SELECT position FROM line_starts WHERE webhook_id = of_webhook ORDER BY position DESC LIMIT 1), 0);
END $$;

CREATE OR REPLACE FUNCTION first_in_line(webhook webhooks)
RETURNS BIGINT LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN least(
    (SELECT min(event_position) FROM expansions WHERE NOT fifo_done),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhook.id)
        AND generation = webhook.generation AND NOT ended
      ORDER BY event_position LIMIT 1),
    (SELECT min(event_position) FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 1 AND generation = webhook.generation AND NOT ended),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
        AND event_position >= line_start(webhook.id)
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 0
        AND event_position >= line_start(webhook.id)
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 1
      ORDER BY event_position LIMIT 1)
  );
END $$;

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
    ROW(OLD.enabled, OLD.disabled_reason, OLD.event_types, OLD.ordering, OLD.paused_at, OLD.owner_paused_at)
    IS DISTINCT FROM ROW(NEW.enabled, NEW.disabled_reason, NEW.event_types, NEW.ordering, NEW.paused_at, NEW.owner_paused_at)
  ) EXECUTE FUNCTION follow_webhook();

CREATE OR REPLACE FUNCTION waits_for_probe(webhook webhooks, at TIMESTAMPTZ)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(webhook.circuit_probe_at > at AND webhook.circuit_probe_at <= at + interval '5 min', false)
  OR coalesce(webhook.throttled_until > at AND webhook.throttled_until <= at + interval '61 min', false);

CREATE OR REPLACE FUNCTION free_slots(webhook webhooks)
RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  used INTEGER;
BEGIN
  IF NOT webhook.enabled OR is_paused(webhook) OR waits_for_probe(webhook, now()) THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause WHERE "only") IS NOT NULL THEN RETURN 0; END IF;
  used := (
    SELECT count(*) FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhook.id)
  ) + (
    SELECT count(*) FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority > 0 AND wake_at > now() - longest_lease()
  );
  RETURN greatest(0, slots_of(webhook) - used);
END $$;

CREATE OR REPLACE FUNCTION has_parked(webhook webhooks)
RETURNS BOOLEAN LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM pending_deliveries WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked'
      AND priority = 0 AND event_position >= line_start(webhook.id)
  ) OR EXISTS (
    SELECT FROM pending_deliveries WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked'
      AND priority > 0
  );
END $$;

CREATE OR REPLACE FUNCTION learned_rate_at(webhook webhooks, at TIMESTAMPTZ)
RETURNS FLOAT8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN greatest(webhook.slowed_at, webhook.throttled_until) BETWEEN at - interval '1 h' AND at + interval '61 min'
  THEN webhook.learned_rate END;

CREATE OR REPLACE FUNCTION lock_delivery(delivery_id TEXT, of_owner TEXT)
RETURNS TABLE (delivery deliveries, pending pending_deliveries, webhook webhooks) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Nothing of another owner is locked: to wait for it, or to give up, would tell that it exists (I7).
  IF NOT EXISTS (SELECT FROM deliveries WHERE id = lock_delivery.delivery_id AND owner = of_owner) THEN RETURN; END IF;
  PERFORM FROM pending_deliveries WHERE pending_deliveries.delivery_id = lock_delivery.delivery_id FOR UPDATE;
  PERFORM FROM deliveries WHERE id = lock_delivery.delivery_id AND owner = of_owner FOR UPDATE;
  RETURN QUERY
    SELECT deliveries, pending_deliveries, webhooks FROM deliveries
    LEFT JOIN pending_deliveries ON pending_deliveries.delivery_id = id
    LEFT JOIN webhooks ON webhooks.id = deliveries.webhook_id
    WHERE deliveries.id = lock_delivery.delivery_id AND deliveries.owner = of_owner;
END $$;

CREATE OR REPLACE FUNCTION lock_webhooks(webhook_ids TEXT[])
RETURNS TABLE (webhook webhooks, locked_at TIMESTAMPTZ, in_flight INTEGER, next_position BIGINT, is_paused BOOLEAN)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_ids TEXT[] := ARRAY(SELECT id FROM webhooks WHERE id = ANY (webhook_ids) FOR NO KEY UPDATE SKIP LOCKED);
  all_paused BOOLEAN;
BEGIN
  -- Any number, as long as `set_delivery_pause` takes the same lock: it waits for the claims that have not seen the pause.
  PERFORM pg_advisory_xact_lock_shared(4105112403);
  locked_at := clock_timestamp();
  all_paused := (SELECT delivery_pause.paused_at IS NOT NULL FROM delivery_pause WHERE "only");
  RETURN QUERY
    SELECT webhooks, lock_webhooks.locked_at,
      (SELECT count(*)::int FROM (
          SELECT * FROM pending_deliveries
          WHERE webhook_id = webhooks.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhooks.id)
          UNION ALL
          -- A claim leaves a wake time later than itself, so a live lease has one of the last two minutes.
          SELECT * FROM pending_deliveries
          WHERE webhook_id = webhooks.id AND stage = 'admitted' AND priority > 0
            AND wake_at > lock_webhooks.locked_at - longest_lease()
        ) AS admitted
        WHERE lease_token IS NOT NULL AND leased_until > lock_webhooks.locked_at),
      CASE WHEN webhooks.ordering = 'fifo' THEN first_in_line(webhooks) END,
      all_paused OR is_paused(webhooks)
    FROM webhooks WHERE webhooks.id = ANY (locked_ids);
END $$;

CREATE OR REPLACE FUNCTION next_in_line(webhook webhooks, at_most INTEGER)
RETURNS SETOF pending_deliveries LANGUAGE plpgsql VOLATILE ROWS 10 AS $$
DECLARE
  last_position BIGINT := CASE WHEN webhook.ordering = 'fifo' THEN first_in_line(webhook) END;
BEGIN
  RETURN QUERY
    SELECT * FROM (
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
          AND event_position >= line_start(webhook.id) AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS first_attempts
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
          AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS retries
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 2
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS replays
    ) AS line
    ORDER BY
      CASE WHEN webhook.ordering = 'fifo' AND priority < 2 THEN 0
        ELSE greatest(0, priority - floor(greatest(0, extract(epoch FROM now() - next_attempt_at)) / 30)) END,
      event_position
    LIMIT at_most;
END $$;

CREATE OR REPLACE FUNCTION next_line(after TEXT)
RETURNS TABLE (webhook_id TEXT, generation INTEGER) LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
  next_started TEXT;
  started webhooks;
BEGIN
  LOOP
    next_started := (SELECT line_starts.webhook_id FROM line_starts WHERE line_starts.webhook_id > after ORDER BY line_starts.webhook_id LIMIT 1);
    IF next_started IS NULL THEN
      RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
        WHERE stage = 'parked' AND parked.webhook_id > after ORDER BY parked.webhook_id, parked.generation LIMIT 1;
      RETURN;
    END IF;
    RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
      WHERE stage = 'parked' AND parked.webhook_id > after AND parked.webhook_id < next_started
      ORDER BY parked.webhook_id, parked.generation LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    SELECT * INTO started FROM webhooks WHERE id = next_started;
    RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
      WHERE stage = 'parked' AND parked.webhook_id = next_started
        AND parked.generation < coalesce(started.generation, 2147483647)
      ORDER BY parked.generation LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    IF has_parked(started) THEN
      RETURN QUERY SELECT next_started, started.generation;
      RETURN;
    END IF;
    after := next_started;
  END LOOP;
END $$;

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
      CASE WHEN webhook.throttled_until <= at + interval '61 min' THEN webhook.throttled_until END);
  ELSIF is_answered THEN
    -- What was learned counts for an hour after the hold.
    IF webhook.throttled_until IS NOT NULL THEN webhook.slowed_at := at; END IF;
    webhook.throttled_until := NULL;
    webhook.backoff_count := 0;
  END IF;
  IF is_held OR is_overloaded THEN webhook.slow_downs := webhook.slow_downs + 1; END IF;
  RETURN webhook;
END $$;
