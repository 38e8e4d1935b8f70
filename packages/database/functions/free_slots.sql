-- Returns how many more of a webhook's deliveries may be admitted, that is, be in Redis or in flight: its slots minus its
-- admitted deliveries. None while it is paused or its circuit waits for the next probe. As many as a statement takes when the
-- webhook is disabled or deleted: the claim then skips or cancels them.
CREATE OR REPLACE FUNCTION "free_slots"("hook" "webhooks") RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  slots INTEGER := CASE WHEN hook.circuit_opened_at IS NOT NULL OR hook.ordering = 'fifo' THEN 1 ELSE hook.max_in_flight END;
BEGIN
  IF hook.enabled IS NOT TRUE THEN RETURN 1000; END IF;
  IF hook.circuit_probe_at > now() OR hook.paused_at IS NOT NULL THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause) IS NOT NULL THEN RETURN 0; END IF;
  RETURN greatest(0, slots - (SELECT count(*)::int FROM deliveries WHERE webhook_id = hook.id AND stage = 'admitted'));
END $$;
