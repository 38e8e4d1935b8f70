-- Returns the position before which a webhook has no pending delivery of priority 0, so that look-ups need not read there: 0
-- until `advanceLineStarts` has written one. A vacuum that is held back, by a long backup for example, leaves the index entries
-- of all deliveries that ended meanwhile, and they lie there.
--
-- Starts are only ever added, and the highest counts: a row that is updated would itself leave versions behind.
CREATE OR REPLACE FUNCTION line_start(of_webhook TEXT)
RETURNS BIGINT LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce((SELECT position FROM line_starts WHERE webhook_id = of_webhook ORDER BY position DESC LIMIT 1), 0);
END $$;
