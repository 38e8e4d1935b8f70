-- A transaction of its own: it takes two seconds for 300,000 webhooks, and locks no row of theirs.
INSERT INTO "subscriptions" ("pattern", "webhook_id")
SELECT DISTINCT unnest("event_types"), "id" FROM "webhooks" WHERE is_deliverable("webhooks") ON CONFLICT DO NOTHING;
