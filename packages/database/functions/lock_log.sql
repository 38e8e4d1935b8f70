-- Takes the lock of the event log, which is held until the commit, and returns those of the events that the log already has.
--
-- It must be VOLATILE: such a function reads rows that were committed while it waited for the lock. The statement that calls
-- it cannot, because its snapshot is older.
CREATE OR REPLACE FUNCTION lock_log(event_ids TEXT[])
RETURNS TABLE (id TEXT, type TEXT, data TEXT) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- `lock_class` says why there are two, and in this order.
  PERFORM pg_advisory_xact_lock(lock_class(), 1), pg_advisory_xact_lock_shared(4105112401);
  RETURN QUERY SELECT events.id, events.type, events.data::text FROM events WHERE events.id = ANY (event_ids);
END $$;
