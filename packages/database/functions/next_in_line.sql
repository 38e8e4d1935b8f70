-- Locks and returns the first parked deliveries of a webhook, and skips those that others have locked: first attempts, then
-- retries, then replays, each in the order of the log. Waiting for 30 seconds makes up for one level, so that a line that is
-- never empty starves nobody.
--
-- Of a fifo webhook's line only the first may go, if it is parked: one that waits for its next attempt, or an event whose
-- deliveries are still to be written, holds those behind it. Replays are not in that line.
CREATE OR REPLACE FUNCTION next_in_line(webhook webhooks, at_most INTEGER)
RETURNS SETOF pending_deliveries LANGUAGE plpgsql VOLATILE ROWS 10 AS $$
DECLARE
  last_position BIGINT := CASE WHEN webhook.ordering = 'fifo' THEN first_in_line(webhook) END;
BEGIN
  RETURN QUERY
    SELECT * FROM (
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
          AND event_position >= line_start(webhook.id) AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS first_attempts
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
          AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS retries
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 2
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS replays
    ) AS line
    ORDER BY
      CASE WHEN webhook.ordering = 'fifo' AND priority < 2 THEN 0
        ELSE greatest(0, priority - floor(greatest(0, extract(epoch FROM now() - next_attempt_at)) / 30)) END,
      event_position
    LIMIT at_most;
END $$;
