-- Returns who has paused a webhook: 'owner', 'operator', both or nobody.
CREATE OR REPLACE FUNCTION paused_by(webhook webhooks)
RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(ARRAY[
  CASE WHEN webhook.owner_paused_at IS NOT NULL THEN 'owner' END,
  CASE WHEN webhook.paused_at IS NOT NULL THEN 'operator' END
], NULL);
