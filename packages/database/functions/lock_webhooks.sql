-- Locks webhooks for a claim, in the order of their ids, and returns each with the number of its requests in flight and, if
-- it is fifo, the id of its first delivery in line.
--
-- It must be VOLATILE: such a function reads rows that were committed while it waited for the locks, so that the bound on
-- requests in flight is exact across all workers.
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
