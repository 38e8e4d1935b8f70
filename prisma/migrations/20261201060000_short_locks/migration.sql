SELECT set_config('search_path', concat_ws(', ', quote_ident(current_schema()), 'pg_temp'), true);

-- Functions and triggers are generated from packages/database/functions: change them there.

CREATE OR REPLACE FUNCTION drop_next_partition(period TEXT)
RETURNS TEXT LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
SET lock_timeout = '100ms' AS $$
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
    IF kind = 'deliveries' AND has_pending(expired) THEN RETURN NULL; END IF;
    EXECUTE format('LOCK TABLE ONLY %I IN ACCESS EXCLUSIVE MODE', kind);
    -- The last reader may still be releasing it.
    PERFORM set_config('lock_timeout', '10ms', true);
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', dropped);
    -- From here on no request can retry or replay one of its deliveries.
    IF kind = 'deliveries' AND has_pending(expired) THEN RETURN NULL; END IF;
    EXECUTE format('DROP TABLE %s', dropped);
    EXIT;
  END LOOP;
  IF kind = 'events' THEN DELETE FROM partitions WHERE name = period; END IF;
  RETURN kind;
END $$;

REVOKE EXECUTE ON FUNCTION drop_next_partition FROM PUBLIC;
