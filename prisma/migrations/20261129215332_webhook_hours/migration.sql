-- AlterTable
ALTER TABLE "attempts" ADD COLUMN     "hour" INTEGER,
ADD COLUMN     "webhook_id" TEXT;

-- CreateTable
CREATE TABLE "webhook_hours" (
    "webhook_id" TEXT NOT NULL,
    "hour" INTEGER NOT NULL,
    "event_type" TEXT NOT NULL,
    "status_class" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,

    CONSTRAINT "webhook_hours_pkey" PRIMARY KEY ("webhook_id","hour","event_type","status_class")
);

-- CreateTable
CREATE TABLE "counted_hours" (
    "only" BOOLEAN NOT NULL DEFAULT true,
    "hour" INTEGER NOT NULL,
    "cursor" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "counted_hours_pkey" PRIMARY KEY ("only")
);

-- CreateIndex
CREATE INDEX "webhook_hours_hour_idx" ON "webhook_hours" USING BRIN ("hour");

-- CreateIndex
-- Building it waits for writers, and they for it: large partitions get theirs from the partition maintenance, without a lock.
CREATE INDEX "attempts_hour_webhook_id_idx" ON ONLY "attempts"("hour", "webhook_id");

DO $$
DECLARE
  part REGCLASS;
  index_name TEXT;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'attempts'::regclass LOOP
    CONTINUE WHEN pg_relation_size(part) > 64 * 1024 * 1024;
    SELECT relname || '_hour_webhook_id_idx' INTO index_name FROM pg_class WHERE oid = part;
    EXECUTE format('CREATE INDEX %I ON %s ("hour", "webhook_id")', index_name, part);
    EXECUTE format('ALTER INDEX "attempts_hour_webhook_id_idx" ATTACH PARTITION %I', index_name);
  END LOOP;
END $$;

-- Attempts are counted from now on: earlier ones have no hour.
INSERT INTO "counted_hours" ("hour") VALUES (floor(extract(epoch FROM now()) / 3600));

-- Functions and triggers are generated from packages/database/functions: change them there.

CREATE OR REPLACE FUNCTION open_hours(since INTEGER)
RETURNS SETOF INTEGER LANGUAGE sql STABLE AS $$
  SELECT generate_series(
    greatest(since, (SELECT hour FROM counted_hours WHERE "only")), floor(extract(epoch FROM now()) / 3600)::int
  )
  WHERE (SELECT indisvalid FROM pg_index WHERE indexrelid = 'attempts_hour_webhook_id_idx'::regclass);
$$;

CREATE OR REPLACE FUNCTION status_class(status_code INTEGER)
RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(status_code / 100 || 'xx', 'none');
