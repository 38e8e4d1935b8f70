-- Returns how many more deliveries of a webhook may be admitted, that is, be in Redis or in flight: its slots minus its
-- admitted deliveries. None while it is paused, deliveries are paused for all, or its open circuit waits for the next
-- probe. No bound for a webhook that is disabled or deleted (null): a claim skips or cancels its deliveries.
CREATE OR REPLACE FUNCTION free_slots(webhook webhooks)
RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF webhook.enabled IS NOT TRUE THEN RETURN unbounded_slots(); END IF;
  IF webhook.circuit_probe_at > now() OR webhook.paused_at IS NOT NULL THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause WHERE "only") IS NOT NULL THEN RETURN 0; END IF;
  RETURN greatest(
    0,
    slots_of(webhook) - (SELECT count(*)::int FROM deliveries WHERE webhook_id = webhook.id AND stage = 'admitted')
  );
END $$;
