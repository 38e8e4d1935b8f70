-- Returns the number of slots that stands for "no bound": of a disabled or deleted webhook all deliveries are admitted, so
-- that a claim skips or cancels them. One statement admits no more, and the next one continues; it is no less than
-- WAKE_LIMIT of src/sql/wake-deliveries.ts.
CREATE OR REPLACE FUNCTION unbounded_slots()
RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1000;
