-- Drops the next table of a period that has been marked as expired for a day, and returns the table's kind: deliveries, attempts,
-- or events, with which the period's row goes. Null when there is no such period, or pending deliveries keep it.
--
-- Each table is dropped in a transaction of its own: one that locked two tables and waited for the third could deadlock with a
-- statement. Deliveries come first, because attempts are only written for existing deliveries.
--
-- Every statement on the table waits behind this one, also for a reader that began before it. So it waits only for a moment, once, and
-- fails: callers try again later. A partition alone is locked by an autovacuum or the build of an index: those are not waited for.
--
-- Only an owner may drop a table, and the role that runs Tidings may be another one. So the function has its owner's rights. It drops
-- nothing but partitions of the log, whatever its argument.
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
