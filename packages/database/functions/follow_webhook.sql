-- Keeps what follows from a webhook's row, in the same commit, for every statement that changes the row: its subscriptions and
-- line start, the note that its deliveries of earlier generations are to be ended, the expansions that must look at it first
-- again, the notices of a pause, which end with it, and the challenges by which its URL is verified.
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
  IF TG_OP = 'DELETE' THEN DELETE FROM line_starts WHERE webhook_id = OLD.id; END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.enabled AND NOT NEW.enabled) THEN
    INSERT INTO cancellations (webhook_id, requested_at) VALUES (OLD.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET requested_at = excluded.requested_at;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NOT is_paused(NEW)) THEN
    DELETE FROM expiry_notices WHERE webhook_id = OLD.id;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.unverified_since IS NULL) THEN
    DELETE FROM verifications WHERE webhook_id = OLD.id;
  ELSIF NEW.unverified_since IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.unverified_since IS DISTINCT FROM OLD.unverified_since) THEN
    INSERT INTO verifications (webhook_id, next_at) VALUES (NEW.id, clock_timestamp())
      ON CONFLICT (webhook_id) DO UPDATE SET next_at = excluded.next_at, attempt_count = 0;
  ELSIF NEW.unverified_since IS NOT NULL AND NEW.enabled AND NOT OLD.enabled THEN
    UPDATE verifications SET next_at = clock_timestamp() WHERE webhook_id = NEW.id;
  END IF;
  IF TG_OP = 'DELETE' THEN DELETE FROM replays WHERE webhook_id = OLD.id; END IF;
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
    ROW(OLD.enabled, OLD.disabled_reason, OLD.event_types, OLD.ordering, OLD.paused_at, OLD.owner_paused_at, OLD.unverified_since)
    IS DISTINCT FROM
    ROW(NEW.enabled, NEW.disabled_reason, NEW.event_types, NEW.ordering, NEW.paused_at, NEW.owner_paused_at, NEW.unverified_since)
  ) EXECUTE FUNCTION follow_webhook();
