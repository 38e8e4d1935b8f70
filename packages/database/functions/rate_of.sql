-- Returns how many requests per second may be sent to a webhook: its rate limit or the learned rate, whichever is less; null: any
-- number.
CREATE OR REPLACE FUNCTION rate_of(webhook webhooks, at TIMESTAMPTZ)
RETURNS FLOAT8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(webhook.rate_limit::float8, learned_rate_at(webhook, at));
