-- CreateIndex
CREATE INDEX "webhooks_unverified_idx" ON "webhooks"("id") WHERE (unverified_since IS NOT NULL);
