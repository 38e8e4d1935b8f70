-- Returns the hours, counted since 1970, from which attempts may still be recorded or are not counted yet, up to the present one
-- and not before a given one. Their attempts are counted when they are read. None while a partition lacks the index by which
-- they are found: after an upgrade it is built in the background.
CREATE OR REPLACE FUNCTION open_hours(since INTEGER)
RETURNS SETOF INTEGER LANGUAGE sql STABLE AS $$
  SELECT generate_series(
    greatest(since, (SELECT hour FROM counted_hours WHERE "only")), floor(extract(epoch FROM now()) / 3600)::int
  )
  WHERE (SELECT indisvalid FROM pg_index WHERE indexrelid = 'attempts_hour_webhook_id_idx'::regclass);
$$;
