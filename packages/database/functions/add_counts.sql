-- Adds two lists of counts, element by element; a shorter list counts as if zeros followed.
CREATE OR REPLACE FUNCTION "add_counts"("one" INTEGER[], "other" INTEGER[]) RETURNS INTEGER[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest("one", "other") WITH ORDINALITY AS pair (a, b, place) ORDER BY place);
