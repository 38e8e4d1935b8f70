-- One index for each stage, so that what is first in line is found by none that would have to sort it: with one over all
-- stages beside it, PostgreSQL read a webhook's whole backlog to find its first delivery (measured).
DROP INDEX "deliveries_pending_idx";

-- CreateIndex
CREATE INDEX "deliveries_admitted_idx" ON "deliveries"("webhook_id", "priority", "event_position") WHERE (stage = 'admitted'::delivery_stage);

-- CreateIndex
CREATE INDEX "deliveries_backoff_idx" ON "deliveries"("webhook_id") WHERE (stage = 'backoff'::delivery_stage);
