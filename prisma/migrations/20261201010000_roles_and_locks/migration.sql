SELECT set_config('search_path', concat_ws(', ', quote_ident(current_schema()), 'pg_temp'), true);

-- Functions and triggers are generated from packages/database/functions: change them there.

CREATE OR REPLACE FUNCTION lock_class() RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'events'::regclass::oid::int;

CREATE OR REPLACE FUNCTION add_period(earliest TIMESTAMPTZ, latest TIMESTAMPTZ, days INTEGER)
RETURNS TEXT LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
-- Dropping a period holds the same lock, and waits for readers for two seconds at each of two steps.
SET lock_timeout = '5s' AS $$
DECLARE
  -- Rounded like `events.accepted_at`.
  from_at TIMESTAMPTZ(3) := earliest;
  until_at TIMESTAMPTZ;
  covered_until TIMESTAMPTZ;
  label TEXT;
BEGIN
  PERFORM pg_advisory_xact_lock(lock_class(), 2), pg_advisory_xact_lock_shared(4105112402);
  LOOP
    SELECT ends_at INTO covered_until FROM partitions WHERE coalesce(starts_at, '-infinity') <= from_at AND from_at < ends_at;
    EXIT WHEN NOT FOUND;
    IF covered_until > latest THEN RETURN NULL; END IF;
    from_at := covered_until;
  END LOOP;

  from_at := greatest(
    date_trunc('day', from_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
    (SELECT max(ends_at) FROM partitions WHERE ends_at <= from_at)
  );
  until_at := least(
    (from_at AT TIME ZONE 'UTC' + make_interval(days => days)) AT TIME ZONE 'UTC',
    (SELECT min(starts_at) FROM partitions WHERE starts_at > from_at)
  );
  label := to_char(from_at AT TIME ZONE 'UTC', 'YYYY_MM_DD');
  PERFORM add_partition(label, from_at, until_at);
  RETURN label;
END $$;

REVOKE EXECUTE ON FUNCTION add_period FROM PUBLIC;

CREATE OR REPLACE FUNCTION has_pending(period partitions)
RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM pending_deliveries
    WHERE delivery_id >= coalesce(delivery_id_floor(period.starts_at), '') AND delivery_id < delivery_id_floor(period.ends_at)
  ) OR EXISTS (
    SELECT FROM expansions WHERE accepted_at >= coalesce(period.starts_at, '-infinity') AND accepted_at < period.ends_at
  );
END $$;

CREATE OR REPLACE FUNCTION drop_next_partition(period TEXT)
RETURNS TEXT LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
SET lock_timeout = '2s' AS $$
DECLARE
  kind TEXT;
  expired partitions;
  dropped REGCLASS;
BEGIN
  PERFORM pg_advisory_xact_lock(lock_class(), 2), pg_advisory_xact_lock_shared(4105112402);
  SELECT * INTO expired FROM partitions WHERE name = period AND expired_at <= now() - interval '1 day';
  IF NOT FOUND THEN RETURN NULL; END IF;
  FOREACH kind IN ARRAY ARRAY['deliveries', 'attempts', 'events'] LOOP
    SELECT inhrelid INTO dropped FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass(kind) AND relname = kind || '_' || period;
    CONTINUE WHEN NOT FOUND;
    IF kind = 'deliveries' THEN
      IF has_pending(expired) THEN RETURN NULL; END IF;
      -- From here on no request can retry or replay one of its deliveries. DROP TABLE takes the same lock.
      LOCK TABLE ONLY deliveries IN ACCESS EXCLUSIVE MODE;
      IF has_pending(expired) THEN RETURN NULL; END IF;
    END IF;
    EXECUTE format('DROP TABLE %s', dropped);
    EXIT;
  END LOOP;
  IF kind = 'events' THEN DELETE FROM partitions WHERE name = period; END IF;
  RETURN kind;
END $$;

REVOKE EXECUTE ON FUNCTION drop_next_partition FROM PUBLIC;

CREATE OR REPLACE FUNCTION lock_log(event_ids TEXT[])
RETURNS TABLE (id TEXT, type TEXT, data TEXT) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- `lock_class` says why there are two, and in this order.
  PERFORM pg_advisory_xact_lock(lock_class(), 1), pg_advisory_xact_lock_shared(4105112401);
  RETURN QUERY SELECT events.id, events.type, events.data::text FROM events WHERE events.id = ANY (event_ids);
END $$;

CREATE OR REPLACE FUNCTION lock_owner(owner TEXT)
RETURNS VOID LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(owner, lock_class())), pg_advisory_xact_lock_shared(hashtextextended(owner, 0));
END $$;

CREATE OR REPLACE FUNCTION lock_webhooks(webhook_ids TEXT[])
RETURNS TABLE (webhook webhooks, locked_at TIMESTAMPTZ, in_flight INTEGER, next_position BIGINT, is_paused BOOLEAN)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_ids TEXT[] := ARRAY(SELECT id FROM webhooks WHERE id = ANY (webhook_ids) FOR NO KEY UPDATE SKIP LOCKED);
  all_paused BOOLEAN;
BEGIN
  -- `set_delivery_pause` takes this lock exclusively: it waits for the claims that have not seen the pause (`lock_class`).
  PERFORM pg_advisory_xact_lock_shared(lock_class(), 3), pg_advisory_xact_lock_shared(4105112403);
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
