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
  'event_type_state',
  'event_type_versions',
  'event_types',
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
  'revocations',
  'subscriptions',
  'verifications',
  'webhook_hours',
  'webhooks',
] as const;
/** The sequences of Tidings. */
export const SEQUENCES = ['audit_log_id_seq', 'events_position_seq', 'revocations_change_seq'] as const;

/** The rights of the role of a connection. */
export interface Rights {
  role: string;
  /** The missing rights on tables, sequences and functions, such as `INSERT on events`. */
  missing: string[];
  /** Why the role cannot add periods to the log and drop them, such as `EXECUTE on add_period`; empty when it can. */
  missingForPartitions: string[];
  /** The statements that give it these rights. */
  grants: string[];
}

/** The functions that add periods to the log and drop them, with the rights of their owner. */
const MAINTENANCE = ['add_period', 'drop_next_partition'] as const;

/**
 * Reads which rights of Tidings the role of this connection lacks. Functions with the rights of their owner add periods to the log
 * and drop them. So the role needs EXECUTE on these, and their owner needs to own the log and to create tables in its schema.
 */
export async function readRights(sql: Queryable): Promise<Rights> {
  const { rows } = await sql.query<Rights>(
    `WITH own AS (
       SELECT class.oid, relname, relnamespace, relowner, relkind
       FROM unnest($1::text[] || $2::text[]) AS name JOIN pg_class AS class ON class.oid = to_regclass(name)
     ), lacking AS (
       SELECT wanted || ' on ' || relname AS missing FROM own, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
       WHERE CASE WHEN relkind <> 'S' THEN NOT has_table_privilege(oid, wanted) END
       UNION ALL
       SELECT wanted || ' on ' || relname FROM own, unnest(ARRAY['SELECT', 'USAGE']) AS wanted
       WHERE CASE WHEN relkind = 'S' THEN NOT has_sequence_privilege(oid, wanted) END -- A CASE: the function refuses tables.
       UNION ALL
       SELECT DISTINCT 'EXECUTE on ' || proname FROM pg_proc
       WHERE (pronamespace, proowner) IN (SELECT relnamespace, relowner FROM own) AND proname <> ALL ($3)
         AND NOT has_function_privilege(oid, 'EXECUTE')
     ), maintenance AS (
       SELECT pg_proc.oid, proname, nspname, pronamespace, CASE WHEN prosecdef THEN proowner ELSE pg_roles.oid END AS role
       FROM unnest($3::text[]) AS name JOIN pg_proc ON pg_proc.oid = to_regproc(name)
       JOIN pg_namespace ON pg_namespace.oid = pronamespace JOIN pg_roles ON rolname = current_user
     ), log AS (
       SELECT oid, relname, relowner FROM own WHERE relname IN ('events', 'deliveries', 'attempts')
       UNION ALL
       SELECT class.oid, class.relname, class.relowner FROM own JOIN pg_inherits ON inhparent = own.oid
       JOIN pg_class AS class ON class.oid = inhrelid WHERE own.relname IN ('events', 'deliveries', 'attempts')
     ), lacking_for_partitions AS (
       SELECT 'EXECUTE on ' || proname AS missing,
         format('GRANT EXECUTE ON FUNCTION %I.%I TO %I', nspname, proname, current_user) AS "grant"
       FROM maintenance WHERE NOT has_function_privilege(oid, 'EXECUTE')
       UNION
       SELECT 'CREATE on schema ' || nspname || ' of ' || pg_get_userbyid(role),
         format('GRANT CREATE ON SCHEMA %I TO %I', nspname, pg_get_userbyid(role))
       FROM maintenance WHERE NOT has_schema_privilege(role, pronamespace, 'CREATE')
       UNION
       SELECT 'ownership of ' || relname || ' of ' || pg_get_userbyid(role),
         format('ALTER TABLE %I.%I OWNER TO %I', nspname, relname, pg_get_userbyid(role))
       FROM maintenance, log WHERE NOT pg_has_role(role, relowner, 'USAGE')
     )
     SELECT current_user::text AS role,
       ARRAY(SELECT missing FROM lacking ORDER BY missing) AS missing,
       ARRAY(SELECT missing FROM lacking_for_partitions ORDER BY missing) AS "missingForPartitions",
       ARRAY(SELECT "grant" FROM lacking_for_partitions ORDER BY missing) AS grants`,
    [TABLES, SEQUENCES, MAINTENANCE],
  );
  return rows[0] as Rights;
}
