-- Returns whether a period of the log has pending deliveries, or events whose deliveries are not all written: one look-up each. It is
-- VOLATILE, to see what was committed before its caller's lock.
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
