-- Pending deliveries of a webhook that was disabled or deleted before are of an earlier generation, and are ended by chunks.
UPDATE "webhooks" SET "generation" = 2, "superseded_status" = CASE WHEN "disabled_reason" IS NULL THEN 'cancelled' ELSE 'skipped' END::delivery_status
WHERE NOT "enabled" AND "generation" = 1;

INSERT INTO "cancellations" ("webhook_id")
SELECT DISTINCT "webhook_id" FROM "pending_deliveries"
WHERE NOT EXISTS (SELECT FROM "webhooks" WHERE "id" = "webhook_id" AND "enabled") ON CONFLICT DO NOTHING;
