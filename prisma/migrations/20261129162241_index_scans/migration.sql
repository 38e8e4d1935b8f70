-- Functions and triggers are generated from packages/database/functions: change them there.

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
