-- Returns whether a webhook has parked deliveries of its generation, that is, a line. A function, so that the planner cannot turn many look-ups
-- into one scan of everybody's lines, as it did while its statistics said that there are few.
CREATE OR REPLACE FUNCTION has_parked(webhook webhooks)
RETURNS BOOLEAN LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM pending_deliveries WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked'
      AND priority = 0 AND event_position >= line_start(webhook.id)
  ) OR EXISTS (
    SELECT FROM pending_deliveries WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked'
      AND priority > 0
  );
END $$;
