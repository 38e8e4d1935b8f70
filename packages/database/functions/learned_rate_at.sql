-- Returns the requests per second that a webhook's receiver seems to take; null: no limit is known. What was learned counts for
-- an hour after the flow was slowed down last, or the hold ended. So does a time that is ahead by no more: PostgreSQL's clock may
-- have been set back.
CREATE OR REPLACE FUNCTION learned_rate_at(webhook webhooks, at TIMESTAMPTZ)
RETURNS FLOAT8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN greatest(webhook.slowed_at, webhook.throttled_until) BETWEEN at - interval '1 h' AND at + interval '61 min'
  THEN webhook.learned_rate END;
