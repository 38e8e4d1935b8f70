-- Numbers the generations of a webhook: each change of `enabled` begins one, for every statement that changes the row.
--
-- A delivery carries the generation in which it was accepted. So a webhook is disabled by one small commit, however many of
-- its deliveries wait: those of earlier generations are never attempted, and are ended afterwards.
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
