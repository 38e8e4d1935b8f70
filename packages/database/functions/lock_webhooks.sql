-- Locks webhooks for a claim, except those that others have locked, and returns for each what the claim decides by, read when
-- the locks are held:
--   locked_at      the time, by which leases begin and end
--   in_flight      its requests under way: the leases of its deliveries, whatever their stage or status
--   next_position  of a fifo webhook, the position that is next (`first_in_line`)
--   is_paused      whether deliveries are paused, for it or for all
--
-- It must be VOLATILE: such a function reads rows that were committed before it locked, which its caller's snapshot lacks. So
-- the bound on requests in flight is exact across all workers, and no claim is made after a pause is acknowledged.
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
