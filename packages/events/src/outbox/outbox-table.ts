/** What a transaction with events in it notifies, and a relay listens to. */
export const OUTBOX_CHANNEL = 'tidings_outbox';

/**
 * The SQL that makes the table `tidings.outbox`, for a migration of the service's own: one statement, PostgreSQL 13 or
 * newer. Run it as often as you like, from several processes at once: what is there already stays as it is.
 *
 * A row gets its position when its transaction commits, not when it is written. Whoever has seen another's change begins to
 * commit after it, so its events come later, wherever in the two transactions `publish` was called. The trigger runs
 * with the rights of the table's owner: a role that may insert can publish.
 */
export function outboxTable(): string {
  return `DO $outbox$
BEGIN
  -- IF NOT EXISTS by itself fails when two do it at the same time.
  PERFORM pg_advisory_xact_lock(hashtextextended('create tidings.outbox', 0));
  IF to_regnamespace('tidings') IS NULL THEN
    CREATE SCHEMA tidings;
  END IF;
  IF to_regclass('tidings.outbox') IS NULL THEN
    CREATE TABLE tidings.outbox (
      position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL DEFAULT 'evt_' || gen_random_uuid(),
      type text NOT NULL,
      timestamp timestamptz NOT NULL DEFAULT now(),
      data json NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      rejected_at timestamptz,
      error text
    );
    CREATE FUNCTION tidings.number_outbox() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      -- A plan that was made while the table was small would scan all of it for each row.
      SET enable_seqscan = off AS $number$
    BEGIN
      UPDATE tidings.outbox SET position = DEFAULT WHERE position = NEW.position;
      RETURN NULL;
    END
    $number$;
    CREATE CONSTRAINT TRIGGER number_at_commit AFTER INSERT ON tidings.outbox
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tidings.number_outbox();
  END IF;
END
$outbox$;
`;
}
