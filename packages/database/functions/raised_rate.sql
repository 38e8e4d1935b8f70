-- Returns the learned rate of a webhook after so many further requests; null: the limit is forgotten, because it no longer
-- limits anything.
--
-- Once the receiver has refused at a rate, the rate grows by a tenth of that rate in a second, and no more than a fiftieth with
-- each request (additive increase). Before that, and beyond twice that rate, which is out of date, it grows by half in a second
-- and no more than half with each request. It does not grow before the answer to a probe.
CREATE OR REPLACE FUNCTION raised_rate(webhook webhooks, at TIMESTAMPTZ, requests INTEGER)
RETURNS FLOAT8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  rate FLOAT8 := learned_rate_at(webhook, at);
BEGIN
  IF webhook.throttled_until IS NOT NULL THEN RETURN rate; END IF;
  rate := rate + requests * CASE WHEN webhook.learned_from IS NULL OR rate > 2 * webhook.learned_from
    THEN 0.5::float8 * least(1::float8, rate)
    ELSE 0.02::float8 * webhook.learned_from * least(1::float8, 5::float8 / rate) END;
  RETURN CASE WHEN rate < coalesce(webhook.rate_limit, 10000) THEN rate END;
END $$;
