-- Returns the last position that was given out; 0: none. Not every position up to it is committed, or ever will be.
CREATE OR REPLACE FUNCTION end_of_log()
RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_position_seq;
$$;
