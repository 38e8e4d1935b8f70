-- Returns how many deliveries of an enabled webhook may be admitted at the same time: one if it is fifo, its circuit is open or
-- its receiver asked to slow down, otherwise `max_in_flight`. PostgreSQL inlines the expression into the statements that call it.
CREATE OR REPLACE FUNCTION slots_of(webhook webhooks)
RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN webhook.circuit_opened_at IS NOT NULL OR webhook.throttled_until IS NOT NULL OR webhook.ordering = 'fifo' THEN 1
  ELSE webhook.max_in_flight END;
