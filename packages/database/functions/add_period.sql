-- Adds the first period that the log lacks between two times, and returns its name; null when it lacks none. The period
-- begins where the one before it ends, or at midnight UTC if none ends on that day, and ends after `days` days, or where the
-- next one begins. So a clock that is years ahead, or before the oldest period, costs one period and leaves a gap, which a
-- later call fills when time reaches it.
--
-- Only an owner may add a partition, and the role that runs Tidings may be another one. So the function has its owner's rights.
CREATE OR REPLACE FUNCTION add_period(earliest TIMESTAMPTZ, latest TIMESTAMPTZ, days INTEGER)
RETURNS TEXT LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
-- Another process may hold the same lock while it adds or drops a period.
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
