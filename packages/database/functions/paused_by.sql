-- Returns who has paused a webhook: 'owner', 'operator', 'verification' (until its URL is verified), several or nobody.
CREATE OR REPLACE FUNCTION paused_by(webhook webhooks)
RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(ARRAY[
  CASE WHEN webhook.owner_paused_at IS NOT NULL THEN 'owner' END,
  CASE WHEN webhook.paused_at IS NOT NULL THEN 'operator' END,
  CASE WHEN webhook.unverified_since IS NOT NULL THEN 'verification' END
], NULL);
