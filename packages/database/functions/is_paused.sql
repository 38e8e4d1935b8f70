-- Returns whether a webhook is paused, by an operator (`paused_at`), by its owner (`owner_paused_at`), or until its URL is verified
-- (`unverified_since`): none lifts the other's pause. PostgreSQL inlines the expression into the statements that call it.
CREATE OR REPLACE FUNCTION is_paused(webhook webhooks)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN webhook.paused_at IS NOT NULL OR webhook.owner_paused_at IS NOT NULL
  OR webhook.unverified_since IS NOT NULL;
