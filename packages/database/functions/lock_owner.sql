-- Locks an owner until the transaction ends. An advisory lock, because Tidings has no table of owners. The second key is the one of the
-- version before (`lock_class`).
CREATE OR REPLACE FUNCTION lock_owner(owner TEXT)
RETURNS VOID LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(owner, lock_class())), pg_advisory_xact_lock_shared(hashtextextended(owner, 0));
END $$;
