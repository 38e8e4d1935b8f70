-- Adds two lists of counts, element by element; the shorter list counts as if zeros followed.
CREATE OR REPLACE FUNCTION add_counts(counts INTEGER[], more_counts INTEGER[])
RETURNS INTEGER[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(
  SELECT coalesce(a, 0) + coalesce(b, 0)
  FROM unnest(counts, more_counts) WITH ORDINALITY AS pair (a, b, place)
  ORDER BY place
);
