-- Returns the position that is next for a fifo webhook: that of its first pending delivery which is no replay, whatever its
-- stage, or of an event before it for which the deliveries of fifo webhooks are still to be written. Null: none is pending.
CREATE OR REPLACE FUNCTION first_in_line(webhook webhooks)
RETURNS BIGINT LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN least(
    (SELECT min(event_position) FROM expansions WHERE NOT fifo_done),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhook.id)
        AND generation = webhook.generation AND NOT ended
      ORDER BY event_position LIMIT 1),
    (SELECT min(event_position) FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 1 AND generation = webhook.generation AND NOT ended),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
        AND event_position >= line_start(webhook.id)
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 0
        AND event_position >= line_start(webhook.id)
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 1
      ORDER BY event_position LIMIT 1)
  );
END $$;
