-- Returns whether a webhook's open circuit waits for its next probe. No wait is longer than five minutes: a later time was
-- written while PostgreSQL's clock was ahead, and does not count.
CREATE OR REPLACE FUNCTION waits_for_probe(webhook webhooks, at TIMESTAMPTZ)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(webhook.circuit_probe_at > at AND webhook.circuit_probe_at <= at + interval '5 min', false);
