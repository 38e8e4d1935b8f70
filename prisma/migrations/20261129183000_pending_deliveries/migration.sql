-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "from_position" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "generation" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "superseded_status" "delivery_status" NOT NULL DEFAULT 'cancelled';

-- CreateTable
CREATE TABLE "pending_deliveries" (
    "delivery_id" TEXT COLLATE "C" NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "event_position" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "stage" "delivery_stage" NOT NULL,
    "priority" SMALLINT NOT NULL DEFAULT 0,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "prior_attempts" INTEGER NOT NULL DEFAULT 0,
    "replay" BOOLEAN NOT NULL DEFAULT false,
    "next_attempt_at" TIMESTAMPTZ(6) NOT NULL,
    "wake_at" TIMESTAMPTZ(6),
    "lease_token" UUID,
    "leased_until" TIMESTAMPTZ(6),
    "ended" BOOLEAN NOT NULL DEFAULT false,
    "again" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "pending_deliveries_pkey" PRIMARY KEY ("delivery_id")
);

-- CreateTable
CREATE TABLE "expansions" (
    "event_position" BIGINT NOT NULL,
    "event_id" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "owner" TEXT,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "patterns" TEXT[],
    "fifo_done" BOOLEAN NOT NULL DEFAULT false,
    "fifo_cursor" TEXT NOT NULL DEFAULT '',
    "cursor" TEXT NOT NULL DEFAULT '',
    "ordering_changed" BOOLEAN NOT NULL DEFAULT false,
    "deliveries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "expansions_pkey" PRIMARY KEY ("event_position")
);

-- CreateTable
CREATE TABLE "subscriptions" (
    "pattern" TEXT NOT NULL,
    "webhook_id" TEXT NOT NULL,

    CONSTRAINT "subscriptions_pkey" PRIMARY KEY ("pattern","webhook_id")
);

-- CreateTable
CREATE TABLE "cancellations" (
    "webhook_id" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cancellations_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateTable
CREATE TABLE "periodic_tasks" (
    "name" TEXT NOT NULL,
    "runner" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "periodic_tasks_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "pending_deliveries_admitted_idx" ON "pending_deliveries"("webhook_id", "wake_at") WHERE (stage = 'admitted'::delivery_stage);

-- CreateIndex
CREATE INDEX "pending_deliveries_backoff_idx" ON "pending_deliveries"("webhook_id", "generation", "priority", "event_position") WHERE (stage = 'backoff'::delivery_stage);

-- CreateIndex
CREATE INDEX "pending_deliveries_parked_idx" ON "pending_deliveries"("webhook_id", "generation", "priority", "event_position") WHERE (stage = 'parked'::delivery_stage);

-- CreateIndex
CREATE INDEX "pending_deliveries_wake_at_idx" ON "pending_deliveries"("wake_at") WHERE (wake_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "expansions_fifo_done_event_position_idx" ON "expansions"("fifo_done", "event_position");

-- CreateIndex
CREATE INDEX "subscriptions_webhook_id_idx" ON "subscriptions"("webhook_id");

-- CreateIndex
CREATE INDEX "cancellations_requested_at_idx" ON "cancellations"("requested_at");

-- CreateIndex
CREATE INDEX "webhooks_fifo_idx" ON "webhooks"("id") WHERE (ordering = 'fifo'::webhook_ordering);

-- Rows come and go within seconds: free space keeps the version that a claim writes on the same page, and vacuum comes often.
ALTER TABLE "pending_deliveries" SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);

-- Functions and triggers are generated from packages/database/functions: change them there.

DROP FUNCTION "lock_webhooks"(webhook_ids text[]), "unbounded_slots"();

CREATE OR REPLACE FUNCTION end_of_log()
RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_position_seq;
$$;

CREATE OR REPLACE FUNCTION events_at(positions BIGINT[], times TIMESTAMPTZ[])
RETURNS SETOF events LANGUAGE plpgsql STABLE ROWS 100 AS $$
DECLARE
  first_at TIMESTAMPTZ;
  last_at TIMESTAMPTZ;
BEGIN
  SELECT min(at), max(at) INTO first_at, last_at FROM unnest(times) AS at;
  RETURN QUERY
    SELECT events.* FROM unnest(positions, times) AS place (at_position, at)
    JOIN events ON events.position = at_position AND events.accepted_at = at
    WHERE events.accepted_at BETWEEN first_at AND last_at;
END $$;

CREATE OR REPLACE FUNCTION first_in_line(webhook webhooks)
RETURNS BIGINT LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN least(
    (SELECT min(event_position) FROM expansions WHERE NOT fifo_done),
    (SELECT min(event_position) FROM pending_deliveries
      WHERE webhook_id = webhook.id AND stage = 'admitted' AND priority < 2 AND generation = webhook.generation AND NOT ended),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 0
      ORDER BY event_position LIMIT 1),
    (SELECT event_position FROM pending_deliveries
      WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'backoff' AND priority = 1
      ORDER BY event_position LIMIT 1)
  );
END $$;

CREATE OR REPLACE FUNCTION follow_webhook()
RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM subscriptions
      WHERE webhook_id = OLD.id AND (TG_OP = 'DELETE' OR NOT is_deliverable(NEW) OR pattern <> ALL (NEW.event_types));
  END IF;
  IF TG_OP <> 'DELETE' AND is_deliverable(NEW) THEN
    INSERT INTO subscriptions (pattern, webhook_id) SELECT DISTINCT unnest(NEW.event_types), NEW.id ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.enabled AND NOT NEW.enabled) THEN
    INSERT INTO cancellations (webhook_id, requested_at) VALUES (OLD.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET requested_at = excluded.requested_at;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.ordering <> OLD.ordering THEN
    -- A webhook that became fifo may be behind the cursor of those, and one that was fifo may have its delivery already.
    UPDATE expansions SET ordering_changed = true, fifo_done = fifo_done AND NEW.ordering <> 'fifo',
      fifo_cursor = CASE WHEN NEW.ordering = 'fifo' THEN '' ELSE fifo_cursor END;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER webhooks_follow_insert_delete AFTER INSERT OR DELETE ON webhooks
  FOR EACH ROW EXECUTE FUNCTION follow_webhook();

CREATE OR REPLACE TRIGGER webhooks_follow_update AFTER UPDATE ON webhooks
  FOR EACH ROW WHEN (
    ROW(OLD.enabled, OLD.disabled_reason, OLD.event_types, OLD.ordering)
    IS DISTINCT FROM ROW(NEW.enabled, NEW.disabled_reason, NEW.event_types, NEW.ordering)
  ) EXECUTE FUNCTION follow_webhook();

CREATE OR REPLACE FUNCTION longest_lease()
RETURNS INTERVAL LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '120 s';

CREATE OR REPLACE FUNCTION waits_for_probe(webhook webhooks, at TIMESTAMPTZ)
RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(webhook.circuit_probe_at > at AND webhook.circuit_probe_at <= at + interval '5 min', false);

CREATE OR REPLACE FUNCTION free_slots(webhook webhooks)
RETURNS INTEGER LANGUAGE plpgsql STABLE AS $$
DECLARE
  used INTEGER;
BEGIN
  IF NOT webhook.enabled OR webhook.paused_at IS NOT NULL OR waits_for_probe(webhook, now()) THEN RETURN 0; END IF;
  IF (SELECT paused_at FROM delivery_pause WHERE "only") IS NOT NULL THEN RETURN 0; END IF;
  SELECT count(*) INTO used FROM pending_deliveries
    WHERE webhook_id = webhook.id AND stage = 'admitted' AND wake_at > now() - longest_lease();
  RETURN greatest(0, slots_of(webhook) - used);
END $$;

CREATE OR REPLACE FUNCTION has_parked(id_of_webhook TEXT)
RETURNS BOOLEAN LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM pending_deliveries WHERE webhook_id = id_of_webhook AND stage = 'parked');
END $$;

CREATE OR REPLACE FUNCTION lock_delivery(delivery_id TEXT, of_owner TEXT)
RETURNS TABLE (delivery deliveries, pending pending_deliveries, webhook webhooks) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM pending_deliveries WHERE pending_deliveries.delivery_id = lock_delivery.delivery_id FOR UPDATE;
  PERFORM FROM deliveries WHERE id = lock_delivery.delivery_id AND owner = of_owner FOR UPDATE;
  RETURN QUERY
    SELECT deliveries, pending_deliveries, webhooks FROM deliveries
    LEFT JOIN pending_deliveries ON pending_deliveries.delivery_id = id
    LEFT JOIN webhooks ON webhooks.id = deliveries.webhook_id
    WHERE deliveries.id = lock_delivery.delivery_id AND deliveries.owner = of_owner;
END $$;

CREATE OR REPLACE FUNCTION lock_webhooks(webhook_ids TEXT[])
RETURNS TABLE (webhook webhooks, locked_at TIMESTAMPTZ, in_flight INTEGER, next_position BIGINT, is_paused BOOLEAN)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked_ids TEXT[] := ARRAY(SELECT id FROM webhooks WHERE id = ANY (webhook_ids) FOR NO KEY UPDATE SKIP LOCKED);
  all_paused BOOLEAN;
BEGIN
  -- Any number, as long as `set_delivery_pause` takes the same lock: it waits for the claims that have not seen the pause.
  PERFORM pg_advisory_xact_lock_shared(4105112403);
  locked_at := clock_timestamp();
  all_paused := (SELECT delivery_pause.paused_at IS NOT NULL FROM delivery_pause WHERE "only");
  RETURN QUERY
    SELECT webhooks, lock_webhooks.locked_at,
      -- A claim leaves a wake time later than itself, so a live lease has one of the last two minutes.
      (SELECT count(*)::int FROM pending_deliveries
        WHERE webhook_id = webhooks.id AND stage = 'admitted' AND wake_at > lock_webhooks.locked_at - longest_lease()
          AND lease_token IS NOT NULL AND leased_until > lock_webhooks.locked_at),
      CASE WHEN webhooks.ordering = 'fifo' THEN first_in_line(webhooks) END,
      all_paused OR webhooks.paused_at IS NOT NULL
    FROM webhooks WHERE webhooks.id = ANY (locked_ids);
END $$;

CREATE OR REPLACE FUNCTION next_in_line(webhook webhooks, at_most INTEGER)
RETURNS SETOF pending_deliveries LANGUAGE plpgsql VOLATILE ROWS 10 AS $$
DECLARE
  last_position BIGINT := CASE WHEN webhook.ordering = 'fifo' THEN first_in_line(webhook) END;
BEGIN
  RETURN QUERY
    SELECT * FROM (
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 0
          AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS first_attempts
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 1
          AND (last_position IS NULL OR event_position <= last_position)
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS retries
      UNION ALL
      SELECT * FROM (
        SELECT * FROM pending_deliveries
        WHERE webhook_id = webhook.id AND generation = webhook.generation AND stage = 'parked' AND priority = 2
        ORDER BY event_position LIMIT at_most FOR UPDATE SKIP LOCKED
      ) AS replays
    ) AS line
    ORDER BY
      CASE WHEN webhook.ordering = 'fifo' AND priority < 2 THEN 0
        ELSE greatest(0, priority - floor(greatest(0, extract(epoch FROM now() - next_attempt_at)) / 30)) END,
      event_position
    LIMIT at_most;
END $$;

CREATE OR REPLACE FUNCTION start_generation()
RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN NEW.generation := OLD.generation + 1; END IF;
  IF TG_OP = 'INSERT' OR NEW.enabled THEN
    NEW.from_position := end_of_log();
  ELSE
    NEW.superseded_status := CASE WHEN NEW.disabled_reason IS NULL THEN 'cancelled' ELSE 'skipped' END;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER webhooks_generation_insert BEFORE INSERT ON webhooks
  FOR EACH ROW EXECUTE FUNCTION start_generation();

CREATE OR REPLACE TRIGGER webhooks_generation_update BEFORE UPDATE ON webhooks
  FOR EACH ROW WHEN (OLD.enabled <> NEW.enabled) EXECUTE FUNCTION start_generation();

-- Pending deliveries move. An earlier version keeps the lease of a delivery in any stage, and a fifo delivery's slot between attempts.
-- A replay that it asked for during a request has its own time as the end of the lease, which may be hours away.
INSERT INTO "pending_deliveries" ("delivery_id", "webhook_id", "generation", "event_position", "created_at", "stage", "priority",
  "attempt_count", "prior_attempts", "replay", "next_attempt_at", "wake_at", "lease_token", "leased_until", "ended", "again")
SELECT "id", "webhook_id", 1, "event_position", "created_at",
  CASE WHEN "lease_token" IS NOT NULL THEN 'admitted'
    WHEN "stage" = 'admitted' AND "next_attempt_at" > now() THEN 'backoff' ELSE "stage" END,
  "priority", "attempt_count", "prior_attempts", "replay", coalesce("next_attempt_at", now()),
  CASE WHEN "lease_token" IS NOT NULL THEN least("wake_at", now() + longest_lease()) ELSE "wake_at" END, "lease_token",
  CASE WHEN "lease_token" IS NOT NULL THEN least("wake_at", now() + longest_lease()) END,
  "status" <> 'pending', "status" = 'pending' AND "lease_token" IS NOT NULL AND "stage" = 'backoff'
FROM (
  SELECT * FROM "deliveries" WHERE "wake_at" IS NOT NULL AND "stage" IS NOT NULL
  UNION ALL SELECT * FROM "deliveries" WHERE "stage" = 'parked' AND "wake_at" IS NULL
) AS "moved";

-- DropIndex
DROP INDEX "deliveries_admitted_idx";

-- DropIndex
DROP INDEX "deliveries_backoff_idx";

-- DropIndex
DROP INDEX "deliveries_parked_idx";

-- DropIndex
DROP INDEX "deliveries_wake_at_idx";

-- AlterTable
ALTER TABLE "deliveries" DROP COLUMN "lease_token",
DROP COLUMN "next_attempt_at",
DROP COLUMN "prior_attempts",
DROP COLUMN "priority",
DROP COLUMN "stage",
DROP COLUMN "wake_at";
