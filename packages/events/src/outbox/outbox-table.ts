/** The PostgreSQL channel that transactions with events notify, and that relays listen to. */
export const OUTBOX_CHANNEL = 'tidings_outbox';

/** Returns the value of the column `type` for an event: `sync.completed`, or `sync.completed@2` if it names a version. */
export const typeColumn = (type: string, version: number | undefined): string =>
  version === undefined ? type : `${type}@${String(version)}`;

/** Returns the type, and the version if there is one, that the column `type` names. */
export function readTypeColumn(text: string): { type: string; version?: number } {
  const [, type, version] = /^(.*)@([1-9][0-9]{0,8})$/.exec(text) ?? [];
  return type === undefined ? { type: text } : { type, version: Number(version) };
}

/**
 * Returns the SQL that creates the table `tidings.outbox`, for a migration of the service: one statement, for PostgreSQL 13 or
 * newer. It may run repeatedly, and from several processes at once: an existing table is not changed.
 *
 * A row gets its position when its transaction commits, not when it is written. A transaction that has seen the changes of
 * another one commits after it, so its events come later, wherever the two transactions called `publish`. The trigger runs
 * with the rights of the table's owner, so a role needs only INSERT to publish.
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
