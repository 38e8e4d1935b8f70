-- Returns how long a lease lasts at most; LONGEST_LEASE_S of src/lease.ts is the same.
CREATE OR REPLACE FUNCTION longest_lease()
RETURNS INTERVAL LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '120 s';
