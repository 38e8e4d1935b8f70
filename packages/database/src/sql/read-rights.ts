import type { Queryable } from '../database.js';

/** The tables of Tidings, without their partitions. */
export const TABLES = [
  'activity_minutes',
  'activity_owners',
  'attempts',
  'audit_log',
  'cancellations',
  'counted_hours',
  'deliveries',
  'delivery_pause',
  'events',
  'expansions',
  'expiry_notices',
  'idempotency_keys',
  'line_starts',
  'owner_settings',
  'partitions',
  'pending_deliveries',
  'periodic_tasks',
  'registration_keys',
  'replays',
  'subscriptions',
  'verifications',
  'webhook_hours',
  'webhooks',
] as const;
/** The sequences of Tidings. */
export const SEQUENCES = ['audit_log_id_seq', 'events_position_seq'] as const;

/** The rights of the role of a connection. */
export interface Rights {
  role: string;
  /** The missing rights on tables, sequences and functions, such as `INSERT on events`. */
  missing: string[];
  /** Why the role cannot add partitions to the log and drop them, such as `CREATE on schema public`; empty when it can. */
  missingForPartitions: string[];
}

/**
 * Reads which rights of Tidings the role of this connection lacks. Partitions are added by the function `add_period`: with the
 * rights of its owner if it is SECURITY DEFINER, otherwise with those of the role.
 */
export async function readRights(sql: Queryable): Promise<Rights> {
  const { rows } = await sql.query<Rights>(
    `WITH own AS (
       SELECT class.oid, relname, relnamespace, relowner, relkind, nspname
       FROM unnest($1::text[] || $2::text[]) AS name
       JOIN pg_class AS class ON class.oid = to_regclass(name) JOIN pg_namespace ON pg_namespace.oid = relnamespace
     ), lacking AS (
       SELECT wanted || ' on ' || relname AS missing FROM own, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
       WHERE CASE WHEN relkind <> 'S' THEN NOT has_table_privilege(oid, wanted) END
       UNION ALL
       SELECT 'USAGE on ' || relname FROM own -- A CASE, because an AND is evaluated in any order, and the function refuses tables.
       WHERE CASE WHEN relkind = 'S' THEN NOT has_sequence_privilege(oid, 'USAGE') END
       UNION ALL
       SELECT DISTINCT 'EXECUTE on ' || proname FROM pg_proc
       WHERE (pronamespace, proowner) IN (SELECT relnamespace, relowner FROM own) AND NOT has_function_privilege(oid, 'EXECUTE')
     ), maker AS (
       SELECT coalesce(
         (SELECT proowner FROM pg_proc WHERE oid = to_regproc('add_period') AND prosecdef),
         (SELECT oid FROM pg_roles WHERE rolname = current_user)
       ) AS role
     ), lacking_for_partitions AS (
       SELECT DISTINCT 'CREATE on schema ' || nspname AS missing FROM own, maker
       WHERE relname = 'events' AND NOT has_schema_privilege(role, relnamespace, 'CREATE')
       UNION ALL
       SELECT DISTINCT 'ownership of ' || relname FROM (
         SELECT oid, relname, relowner FROM own
         UNION ALL
         SELECT class.oid, class.relname, class.relowner FROM own JOIN pg_inherits ON inhparent = own.oid
         JOIN pg_class AS class ON class.oid = inhrelid
         WHERE own.relname IN ('events', 'deliveries', 'attempts')
       ) AS tables, maker
       WHERE relname ~ '^(events|deliveries|attempts)(_(first|[0-9_]+))?$' AND NOT pg_has_role(role, relowner, 'USAGE')
     )
     SELECT current_user::text AS role,
       ARRAY(SELECT missing FROM lacking ORDER BY missing) AS missing,
       ARRAY(SELECT missing FROM lacking_for_partitions ORDER BY missing) AS "missingForPartitions"`,
    [TABLES, SEQUENCES],
  );
  return rows[0] as Rights;
}
