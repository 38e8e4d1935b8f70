-- CreateTable
CREATE TABLE "revocations" (
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "change" BIGSERIAL NOT NULL,
    "not_before" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_by" TEXT,

    CONSTRAINT "revocations_pkey" PRIMARY KEY ("kind","subject")
);

-- CreateIndex
CREATE UNIQUE INDEX "revocations_change_key" ON "revocations"("change");

-- CreateIndex
CREATE INDEX "revocations_ends_at_idx" ON "revocations"("ends_at");
