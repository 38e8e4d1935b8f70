import type { Queryable } from '../database.js';

/** Functions and triggers are last: their arguments are types and tables. */
const SECTIONS: [heading: string, statement: string][] = [
  [
    'Types',
    `SELECT format('CREATE TYPE %s AS ENUM (%s);', typname, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)) AS definition
     FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid WHERE typnamespace = 'public'::regnamespace
     GROUP BY typname ORDER BY typname`,
  ],
  [
    'Sequences',
    `SELECT format('CREATE SEQUENCE %s AS %s;', relname, format_type(seqtypid, NULL)) AS definition
     FROM pg_class JOIN pg_sequence ON seqrelid = oid WHERE relnamespace = 'public'::regnamespace ORDER BY relname`,
  ],
  [
    'Tables',
    `SELECT format(E'CREATE TABLE %s (\\n  %s\\n)%s%s;\\n', relname, concat_ws(E',\\n  ', columns, constraints),
       ' PARTITION BY ' || pg_get_partkeydef(oid), ' WITH (' || array_to_string(reloptions, ', ') || ')') AS definition
     FROM pg_class
     CROSS JOIN LATERAL (
       SELECT string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
         'COLLATE ' || (SELECT quote_ident(collname) FROM pg_collation WHERE oid = attcollation AND collname <> 'default'),
         CASE WHEN attnotnull THEN 'NOT NULL' END,
         'DEFAULT ' || pg_get_expr(adbin, adrelid)), E',\\n  ' ORDER BY attnum) AS columns
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
     ) AS columns
     CROSS JOIN LATERAL (
       -- PostgreSQL 18 has NOT NULL here as well, with its column.
       SELECT string_agg(format('CONSTRAINT %s %s', quote_ident(conname), pg_get_constraintdef(oid)), E',\\n  ' ORDER BY contype, conname)
         AS constraints
       FROM pg_constraint WHERE conrelid = pg_class.oid AND contype <> 'n'
     ) AS constraints
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> '_prisma_migrations'
     ORDER BY relname`,
  ],
  [
    'Indexes',
    `SELECT pg_get_indexdef(indexrelid) || ';' AS definition
     FROM pg_index JOIN pg_class AS parent ON parent.oid = indrelid JOIN pg_class AS index ON index.oid = indexrelid
     WHERE parent.relnamespace = 'public'::regnamespace AND NOT parent.relispartition AND parent.relname <> '_prisma_migrations'
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
     ORDER BY parent.relname, index.relname`,
  ],
  [
    'Functions: packages/database/functions says what each is for',
    `SELECT trim(pg_get_functiondef(oid), E' \\n') || E';\\n' AS definition FROM pg_proc AS proc
     WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = proc.oid AND deptype = 'e')
     ORDER BY proname`,
  ],
  [
    'Triggers',
    `SELECT pg_get_triggerdef(pg_trigger.oid) || ';' AS definition FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
     WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal AND tgparentid = 0 ORDER BY relname, tgname`,
  ],
];

/** The first lines of the file. */
const HEADER = `-- The schema that the migrations produce, to be read and searched: npm run generate:schema writes it, and a test compares it.
-- The partitions of events, deliveries and attempts are left out: add_partition makes them as time passes.`;

/**
 * Describes the schema of a migrated database as SQL: types, sequences, tables with their constraints, indexes, functions and
 * triggers. The text is the same on all versions of PostgreSQL that Tidings runs on.
 */
export async function readSchema(sql: Queryable): Promise<string> {
  const sections: string[] = [HEADER];
  for (const [heading, statement] of SECTIONS) {
    const { rows } = await sql.query<{ definition: string }>(statement);
    sections.push(`-- ${heading}\n\n${rows.map(({ definition }) => definition).join('\n')}`.trimEnd());
  }
  return `${sections.join('\n\n').replaceAll('public.', '')}\n`;
}
