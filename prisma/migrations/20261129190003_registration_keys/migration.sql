-- CreateTable
CREATE TABLE "registration_keys" (
    "owner" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "sealed_answer" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "registration_keys_pkey" PRIMARY KEY ("owner","key")
);

-- CreateIndex
CREATE INDEX "registration_keys_created_at_idx" ON "registration_keys"("created_at");
