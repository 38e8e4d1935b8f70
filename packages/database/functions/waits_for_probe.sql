-- Returns whether a webhook waits for its next probe: its circuit is open, or its receiver asked to slow down. No wait is longer
-- than five minutes and an hour: a time that is later by over a minute was written while PostgreSQL's clock was ahead, and does
-- not count.
CREATE OR REPLACE FUNCTION waits_for_probe(webhook webhooks, at TIMESTAMPTZ)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(webhook.circuit_probe_at > at AND webhook.circuit_probe_at <= at + interval '5 min', false)
  OR coalesce(webhook.throttled_until > at AND webhook.throttled_until <= at + interval '61 min', false);
