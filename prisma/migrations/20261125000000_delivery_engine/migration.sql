-- The log becomes partitioned by time, and deliveries learn to wait for their webhook's slots.

CREATE TYPE "webhook_ordering" AS ENUM ('unordered', 'fifo');
CREATE TYPE "webhook_disabled_reason" AS ENUM ('failing', 'gone');
CREATE TYPE "delivery_stage" AS ENUM ('admitted', 'backoff', 'parked');

ALTER TABLE "webhooks"
  ADD COLUMN "max_in_flight" INTEGER NOT NULL DEFAULT 10,
  ADD COLUMN "rate_limit" INTEGER,
  ADD COLUMN "ordering" "webhook_ordering" NOT NULL DEFAULT 'unordered',
  ADD COLUMN "retry_max_attempts" INTEGER,
  ADD COLUMN "retry_initial_delay_ms" INTEGER,
  ADD COLUMN "retry_max_delay_ms" INTEGER,
  ADD COLUMN "disabled_reason" "webhook_disabled_reason",
  ADD COLUMN "disabled_at" TIMESTAMPTZ(3),
  ADD COLUMN "disabled_told_at" TIMESTAMPTZ(3),
  ADD COLUMN "failing_since" TIMESTAMPTZ(3),
  ADD COLUMN "unreachable_count" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "circuit_opened_at" TIMESTAMPTZ(3),
  ADD COLUMN "circuit_probe_at" TIMESTAMPTZ(6),
  ADD COLUMN "rate_next_at" TIMESTAMPTZ(6),
  ADD COLUMN "replay_next_at" TIMESTAMPTZ(6);
-- Its health is written while it fails: room on the page keeps the new versions beside the old.
ALTER TABLE "webhooks" SET (fillfactor = 70);

CREATE INDEX "webhooks_untold_idx" ON "webhooks"("disabled_at") WHERE (disabled_at IS NOT NULL AND disabled_told_at IS NULL);

CREATE TABLE "partitions" (
    "name" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "partitions_pkey" PRIMARY KEY ("name")
);
CREATE UNIQUE INDEX "partitions_ends_at_key" ON "partitions"("ends_at");

CREATE TABLE "idempotency_keys" (
    "user_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("user_id","key")
);
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- The tables of before keep their rows until these are copied.
ALTER TABLE "events" RENAME TO "old_events";
ALTER TABLE "deliveries" RENAME TO "old_deliveries";
ALTER TABLE "attempts" RENAME TO "old_attempts";
ALTER TABLE "old_events" RENAME CONSTRAINT "events_pkey" TO "old_events_pkey";
ALTER TABLE "old_deliveries" RENAME CONSTRAINT "deliveries_pkey" TO "old_deliveries_pkey";
ALTER TABLE "old_attempts" RENAME CONSTRAINT "attempts_pkey" TO "old_attempts_pkey";
DROP INDEX "events_user_id_position_idx", "deliveries_webhook_id_id_idx", "deliveries_wake_at_idx";
ALTER TYPE "delivery_status" RENAME TO "old_delivery_status";
CREATE TYPE "delivery_status" AS ENUM ('pending', 'succeeded', 'failed', 'cancelled', 'skipped');

CREATE TABLE "events" (
    "id" TEXT NOT NULL,
    "position" BIGINT NOT NULL DEFAULT nextval('events_position_seq'),
    "type" TEXT NOT NULL,
    "user_id" TEXT,
    "data" JSON NOT NULL,
    "timestamp" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "events_pkey" PRIMARY KEY ("position", "accepted_at")
) PARTITION BY RANGE ("accepted_at");
ALTER SEQUENCE "events_position_seq" OWNED BY "events"."position";

-- Compared byte by byte: the partitions' bounds are the time in the ids.
CREATE TABLE "deliveries" (
    "id" TEXT COLLATE "C" NOT NULL,
    "event_id" TEXT NOT NULL,
    "event_position" BIGINT NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "status" "delivery_status" NOT NULL DEFAULT 'pending',
    "stage" "delivery_stage",
    "priority" SMALLINT NOT NULL DEFAULT 0,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "prior_attempts" INTEGER NOT NULL DEFAULT 0,
    "replay" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(6),
    "lease_token" UUID,
    "wake_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
) PARTITION BY RANGE ("id");

CREATE TABLE "attempts" (
    "delivery_id" TEXT COLLATE "C" NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "replay" BOOLEAN NOT NULL DEFAULT false,
    "status_code" INTEGER,
    "error_class" TEXT,
    "error" TEXT,
    "response_body" TEXT,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("delivery_id","number")
) PARTITION BY RANGE ("delivery_id");

CREATE INDEX "events_id_idx" ON "events"("id");
CREATE INDEX "events_user_id_position_idx" ON "events"("user_id", "position");
CREATE INDEX "deliveries_webhook_id_id_idx" ON "deliveries"("webhook_id", "id");
CREATE INDEX "deliveries_wake_at_idx" ON "deliveries"("wake_at") WHERE (wake_at IS NOT NULL);
CREATE INDEX "deliveries_pending_idx" ON "deliveries"("webhook_id", "stage") WHERE (stage IS NOT NULL);
CREATE INDEX "deliveries_parked_idx" ON "deliveries"("webhook_id", "priority", "event_position") WHERE (stage = 'parked'::delivery_stage);

-- The lowest delivery id of a millisecond. UUIDv7 (RFC 9562, 5.7) begins with 48 bits of Unix milliseconds.
CREATE FUNCTION "delivery_id_floor"("at" TIMESTAMPTZ) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'dlv_' || substr(encode(int8send(floor(extract(epoch FROM "at") * 1000)::bigint), 'hex'), 5, 8)
  || '-' || substr(encode(int8send(floor(extract(epoch FROM "at") * 1000)::bigint), 'hex'), 13, 4);

-- Ids of deliveries are made where the rows are: one statement writes an event and all its deliveries.
DROP FUNCTION "new_delivery_id"();
CREATE FUNCTION "new_delivery_id"("at" TIMESTAMPTZ) RETURNS TEXT LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN 'dlv_' || encode(
  set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send(floor(extract(epoch FROM "at") * 1000)::bigint) FROM 3) FROM 1 FOR 6),
  52, 1), 53, 1),
'hex')::uuid;

-- Adds one period to the log. A delivery is updated twice in its life (claimed, recorded): room on the page keeps its
-- new versions beside the old. Attaching takes a weaker lock than creating a partition in place.
CREATE FUNCTION "add_partition"("label" TEXT, "from_at" TIMESTAMPTZ, "until_at" TIMESTAMPTZ) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  first_at TEXT := coalesce(quote_literal(from_at), 'MINVALUE');
  first_id TEXT := coalesce(quote_literal(delivery_id_floor(from_at)), 'MINVALUE');
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', 'events_' || label);
  EXECUTE format('CREATE TABLE %I (LIKE deliveries INCLUDING ALL) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)', 'deliveries_' || label);
  EXECUTE format('CREATE TABLE %I (LIKE attempts INCLUDING ALL)', 'attempts_' || label);
  EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', 'events_' || label, first_at, until_at);
  EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', 'deliveries_' || label, first_id, delivery_id_floor(until_at));
  EXECUTE format('ALTER TABLE attempts ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', 'attempts_' || label, first_id, delivery_id_floor(until_at));
  INSERT INTO partitions VALUES (label, from_at, until_at);
END $$;

-- Days are UTC's, in every session.
SELECT add_partition('first', NULL, (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '8 days') AT TIME ZONE 'UTC');

INSERT INTO "events" SELECT * FROM "old_events";
INSERT INTO "deliveries" (id, event_id, event_position, webhook_id, user_id, event_type, status, stage, priority, attempt_count,
    created_at, next_attempt_at, lease_token, wake_at, finished_at)
  SELECT d.id, d.event_id, e.position, d.webhook_id, d.user_id, d.event_type, d.status::text::delivery_status,
    CASE WHEN d.status = 'pending' THEN (CASE WHEN d.attempt_count = 0 THEN 'admitted' ELSE 'backoff' END)::delivery_stage END,
    least(d.attempt_count, 1), d.attempt_count, e.accepted_at, d.next_attempt_at, d.lease_token, d.wake_at, d.finished_at
  FROM "old_deliveries" d JOIN "old_events" e ON e.id = d.event_id;
INSERT INTO "attempts" (delivery_id, number, started_at, duration_ms, status_code, error_class, error, response_body)
  SELECT delivery_id, number, started_at, duration_ms, status_code, error_class, error, response_body FROM "old_attempts";
DROP TABLE "old_attempts", "old_deliveries", "old_events";
DROP TYPE "old_delivery_status";

-- Whoever accepts events waits here for their turn, and learns which of the ids the log has already: a volatile function
-- reads what was committed while it waited, which the statement that calls it cannot. The lock is held until the commit.
CREATE FUNCTION "take_turn"("offered" TEXT[]) RETURNS TABLE ("id" TEXT, "type" TEXT, "data" TEXT) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(4105112401);
  RETURN QUERY SELECT events.id, events.type, events.data::text FROM events WHERE events.id = ANY (offered);
END $$;

-- How many more of a webhook's deliveries may be in Redis or under way. While its circuit is open: one, when it is time
-- for a probe. When it is disabled or gone, all: they go to be skipped or cancelled.
CREATE FUNCTION "free_slots"("hook" "webhooks") RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  slots INTEGER := CASE WHEN hook.circuit_opened_at IS NOT NULL OR hook.ordering = 'fifo' THEN 1 ELSE hook.max_in_flight END;
BEGIN
  IF hook.enabled IS NOT TRUE THEN RETURN 1000; END IF;
  IF hook.circuit_probe_at > now() THEN RETURN 0; END IF;
  RETURN greatest(0, slots - (SELECT count(*)::int FROM deliveries WHERE webhook_id = hook.id AND stage = 'admitted'));
END $$;

-- Whoever claims deliveries locks their webhooks first, and learns how they stand: a volatile function reads what was
-- committed while it waited for the lock, so that the bound on requests under way is exact, over all workers.
-- `head` is the delivery that is first in line, of a fifo webhook.
CREATE FUNCTION "lock_webhooks"("wanted" TEXT[]) RETURNS TABLE ("hook" "webhooks", "in_flight" INTEGER, "head" TEXT) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_at TIMESTAMPTZ;
BEGIN
  PERFORM FROM webhooks WHERE id = ANY (wanted) ORDER BY id FOR NO KEY UPDATE;
  locked_at := clock_timestamp();
  RETURN QUERY
    SELECT webhooks,
      (SELECT count(*)::int FROM deliveries
        WHERE webhook_id = webhooks.id AND stage = 'admitted' AND lease_token IS NOT NULL AND wake_at > locked_at),
      CASE WHEN webhooks.ordering = 'fifo' THEN (
        SELECT line.id FROM (
          (SELECT deliveries.id, priority, event_position FROM deliveries WHERE webhook_id = webhooks.id AND stage = 'admitted'
            ORDER BY priority, event_position LIMIT 1)
          UNION ALL
          (SELECT deliveries.id, priority, event_position FROM deliveries WHERE webhook_id = webhooks.id AND stage = 'parked'
            ORDER BY priority, event_position LIMIT 1)
        ) AS line ORDER BY priority, event_position LIMIT 1)
      END
    FROM webhooks WHERE webhooks.id = ANY (wanted);
END $$;
