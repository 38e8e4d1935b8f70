-- Returns the events at these places of the log. The bounds are known before its statement is executed, so that it opens only
-- the partitions of that time, not those of a year.
CREATE OR REPLACE FUNCTION events_at(positions BIGINT[], times TIMESTAMPTZ[])
RETURNS SETOF events LANGUAGE plpgsql STABLE ROWS 100 AS $$
DECLARE
  first_at TIMESTAMPTZ;
  last_at TIMESTAMPTZ;
BEGIN
  SELECT min(at), max(at) INTO first_at, last_at FROM unnest(times) AS at;
  RETURN QUERY
    SELECT events.* FROM unnest(positions, times) AS place (at_position, at)
    JOIN events ON events.position = at_position AND events.accepted_at = at
    WHERE events.accepted_at BETWEEN first_at AND last_at;
END $$;
