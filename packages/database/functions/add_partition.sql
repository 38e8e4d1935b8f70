-- Adds one period to the log: a partition each of events, deliveries and attempts, and the row in `partitions`.
--
-- A delivery is updated twice in its life (claimed, recorded): free space on each page keeps its new versions beside the
-- old ones. ATTACH PARTITION takes a weaker lock on the parent table than creating the partition in place.
CREATE OR REPLACE FUNCTION add_partition(label TEXT, from_at TIMESTAMPTZ, until_at TIMESTAMPTZ)
RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  first_at TEXT := coalesce(quote_literal(from_at), 'MINVALUE');
  first_id TEXT := coalesce(quote_literal(delivery_id_floor(from_at)), 'MINVALUE');
  end_id TEXT := quote_literal(delivery_id_floor(until_at));
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', 'events_' || label);
  EXECUTE format(
    'CREATE TABLE %I (LIKE deliveries INCLUDING ALL) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)',
    'deliveries_' || label
  );
  EXECUTE format('CREATE TABLE %I (LIKE attempts INCLUDING ALL)', 'attempts_' || label);

  EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', 'events_' || label, first_at, until_at);
  EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'deliveries_' || label, first_id, end_id);
  EXECUTE format('ALTER TABLE attempts ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'attempts_' || label, first_id, end_id);

  INSERT INTO partitions (name, starts_at, ends_at) VALUES (label, from_at, until_at);
END $$;
