-- CreateIndex
-- Pages of an owner's log read the events for everyone by it: the index by owner has no order of the log for them.
-- Building it waits for writers, and they for it: large partitions get theirs from the partition maintenance, without a lock.
CREATE INDEX "events_everyone_idx" ON ONLY "events"("position") WHERE owner IS NULL;

DO $$
DECLARE
  part REGCLASS;
  index_name TEXT;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass LOOP
    CONTINUE WHEN pg_relation_size(part) > 64 * 1024 * 1024;
    SELECT relname || '_position_idx' INTO index_name FROM pg_class WHERE oid = part;
    EXECUTE format('CREATE INDEX %I ON %s ("position") WHERE owner IS NULL', index_name, part);
    EXECUTE format('ALTER INDEX "events_everyone_idx" ATTACH PARTITION %I', index_name);
  END LOOP;
END $$;
