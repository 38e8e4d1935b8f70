-- Returns a webhook's row as the answers of one commit leave its flow (`throttled_until`, `backoff_count`, `slow_downs`,
-- `slowed_at`, `learned_rate`, `learned_from`):
--   throttled_since, overloaded_since, answered_since
--              the highest `slow_downs` that a claim saw whose request was answered with "slower" (429, or 503 with Retry-After),
--              with 502, 503 or 504, and with anything but "slower"; null: there is no such answer
--   asked_ms   the longest time that the receiver asked for; null: it named none
--   jitter     from 0 to 1: holds are longer by up to a tenth, so that the webhooks of one receiver do not come back together
--
-- Many requests may be under way when the receiver asks to slow down. Their answers are one slow-down: only a request that was
-- claimed since the last one counts as a further one. A time that a late answer names is kept as well.
--
-- Holds are at least a second and at most an hour. Those for which the receiver names no time grow from a second to five
-- minutes, and a time that it names is not shorter than the hold that was reached. The rate halves when the flow, not a probe, is
-- refused; the first time it begins at one request per second, or at `max_in_flight` after a 502, 503 or 504.
CREATE OR REPLACE FUNCTION slow_down(webhook webhooks, at TIMESTAMPTZ, throttled_since INTEGER, overloaded_since INTEGER,
  answered_since INTEGER, asked_ms FLOAT8, jitter FLOAT8)
RETURNS webhooks LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  is_throttled BOOLEAN := coalesce(throttled_since = webhook.slow_downs, false);
  is_overloaded BOOLEAN := NOT is_throttled AND coalesce(overloaded_since = webhook.slow_downs, false);
  is_held BOOLEAN := is_throttled OR (throttled_since IS NOT NULL AND asked_ms IS NOT NULL);
  is_answered BOOLEAN := coalesce(answered_since = webhook.slow_downs, false);
  rate FLOAT8 := learned_rate_at(webhook, at);
  longer FLOAT8 := 1::float8 + 0.1::float8 * jitter;
  hold_ms FLOAT8;
BEGIN
  IF is_throttled THEN
    IF webhook.throttled_until IS NULL THEN webhook.learned_from := rate; END IF;
    webhook.learned_rate := CASE WHEN rate IS NULL THEN least(1::float8, webhook.rate_limit / 2::float8)
      WHEN webhook.throttled_until IS NULL THEN greatest(1::float8 / 60, rate / 2) ELSE rate END;
    IF asked_ms IS NULL THEN webhook.backoff_count := webhook.backoff_count + 1; END IF;
  ELSIF is_overloaded THEN
    webhook.learned_from := rate;
    webhook.learned_rate := CASE WHEN rate IS NULL THEN least(webhook.max_in_flight::float8, webhook.rate_limit / 2::float8)
      ELSE greatest(least(1::float8, rate), rate / 2) END;
  END IF;
  IF is_throttled OR is_overloaded THEN webhook.slowed_at := at; END IF;

  IF is_held THEN
    hold_ms := least(3600000, greatest(longer * greatest(1000, asked_ms),
      CASE WHEN webhook.backoff_count > 0 THEN least(300000, longer * 1000 * 2 ^ (least(webhook.backoff_count, 20) - 1)) END));
    webhook.throttled_until := greatest(at + make_interval(secs => hold_ms / 1000),
      CASE WHEN webhook.throttled_until <= at + interval '61 min' THEN webhook.throttled_until END);
  ELSIF is_answered THEN
    -- What was learned counts for an hour after the hold.
    IF webhook.throttled_until IS NOT NULL THEN webhook.slowed_at := at; END IF;
    webhook.throttled_until := NULL;
    webhook.backoff_count := 0;
  END IF;
  IF is_held OR is_overloaded THEN webhook.slow_downs := webhook.slow_downs + 1; END IF;
  RETURN webhook;
END $$;
