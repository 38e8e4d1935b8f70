-- Returns whether a webhook gets deliveries. One that its owner disabled gets none. One that Tidings or an operator disabled
-- (`disabled_reason`) gets them as skipped, so that its owner can replay them. Null for a deleted webhook's missing row.
-- PostgreSQL inlines the expression into the statements that call it.
CREATE OR REPLACE FUNCTION is_deliverable(webhook webhooks)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN webhook.enabled OR webhook.disabled_reason IS NOT NULL;
