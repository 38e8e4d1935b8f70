-- Returns how many more deliveries of a webhook may be admitted, that is, be in Redis or in flight: its slots minus its
-- admitted deliveries. None while it is disabled or paused, deliveries are paused for all, or its open circuit waits for the
-- next probe.
--
-- Of retries and replays only those with a wake time of the last minutes are counted: the reconciler wakes admitted deliveries
-- within seconds, and a vacuum that is held back leaves dead index entries of earlier ones. Whatever is missed, the claim counts
-- exactly.
CREATE OR REPLACE FUNCTION free_slots(webhook webhooks)
RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  used INTEGER;
BEGIN
  IF NOT webhook.enabled OR is_paused(webhook) OR waits_for_probe(webhook, now()) THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause WHERE "only") IS NOT NULL THEN RETURN 0; END IF;
  used := (
    SELECT count(*) FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhook.id)
  ) + (
    SELECT count(*) FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority > 0 AND wake_at > now() - longest_lease()
  );
  RETURN greatest(0, slots_of(webhook) - used);
END $$;
