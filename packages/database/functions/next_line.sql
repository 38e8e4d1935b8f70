-- Returns the next webhook, in the order of their ids, that has parked deliveries, and the generation of its first one. No row:
-- none is behind `after`. Between two webhooks with a line start an index finds the next parked delivery; at a webhook that has
-- one, the look for its present generation begins at its line start.
CREATE OR REPLACE FUNCTION next_line(after TEXT)
RETURNS TABLE (webhook_id TEXT, generation INTEGER) LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
  next_started TEXT;
  started webhooks;
BEGIN
  LOOP
    next_started := (SELECT line_starts.webhook_id FROM line_starts WHERE line_starts.webhook_id > after ORDER BY line_starts.webhook_id LIMIT 1);
    IF next_started IS NULL THEN
      RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
        WHERE stage = 'parked' AND parked.webhook_id > after ORDER BY parked.webhook_id, parked.generation LIMIT 1;
      RETURN;
    END IF;
    RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
      WHERE stage = 'parked' AND parked.webhook_id > after AND parked.webhook_id < next_started
      ORDER BY parked.webhook_id, parked.generation LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    SELECT * INTO started FROM webhooks WHERE id = next_started;
    RETURN QUERY SELECT parked.webhook_id, parked.generation FROM pending_deliveries AS parked
      WHERE stage = 'parked' AND parked.webhook_id = next_started
        AND parked.generation < coalesce(started.generation, 2147483647)
      ORDER BY parked.generation LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    IF has_parked(started) THEN
      RETURN QUERY SELECT next_started, started.generation;
      RETURN;
    END IF;
    after := next_started;
  END LOOP;
END $$;
