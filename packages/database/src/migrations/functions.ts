import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

/** `packages/database/functions`, seen from `src` and from `dist`. */
export const FUNCTIONS_FOLDER = join(import.meta.dirname, '../../functions');

/** The path of functions with `SET search_path FROM CURRENT`: a temporary table must not come first, as it does without `pg_temp`. */
export const SEARCH_PATH = "SELECT set_config('search_path', concat_ws(', ', quote_ident(current_schema()), 'pg_temp'), true);";

/** One SQL function, with its triggers if it is a trigger function. */
interface FunctionFile {
  /** The function's name, which is the file's name. */
  name: string;
  /** The statements, without the comment at the top of the file. */
  sql: string;
}

/** A function as a database has it. */
interface StoredFunction {
  name: string;
  /** Its arguments' types, as DROP FUNCTION takes them. */
  argumentTypes: string;
  /** The parts that CREATE OR REPLACE cannot change: arguments with their names and defaults, and the result. */
  signature: string;
  /** The whole definition, with that of its triggers. */
  definition: string;
  triggers: { name: string; table: string }[];
}

/** Returns the function files of a folder, each behind those whose functions it calls. */
function readFunctionFiles(folder = FUNCTIONS_FOLDER): FunctionFile[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.sql$/, ''),
      sql: readFileSync(join(folder, file), 'utf8')
        .replace(/^(--[^\n]*\n|\s*\n)+/, '')
        .trim(),
    }));
  const ordered: FunctionFile[] = [];
  const add = (file: FunctionFile, callers: readonly string[]): void => {
    if (ordered.includes(file)) return;
    if (callers.includes(file.name)) throw new Error(`SQL functions call each other in a circle: ${callers.join(', ')}.`);
    for (const other of files) if (other !== file && calls(file, other.name)) add(other, [...callers, file.name]);
    ordered.push(file);
  };
  for (const file of files) add(file, []);
  return ordered;
}

function calls({ sql }: FunctionFile, name: string): boolean {
  return new RegExp(`\\b${name}"?\\(`).test(sql);
}

/**
 * Returns the SQL that brings the functions and triggers of a database to the files: empty when they agree. Nothing is
 * changed: the files are executed in a transaction that is rolled back, because only PostgreSQL can say whether two
 * definitions are the same.
 *
 * @param client a connection that is in no transaction
 * @param tableChanges SQL that the migration executes before, such as new columns that a function reads
 */
export async function functionDifference(
  client: pg.ClientBase,
  { folder = FUNCTIONS_FOLDER, tableChanges = '' }: { folder?: string; tableChanges?: string } = {},
): Promise<string> {
  const files = readFunctionFiles(folder);
  const before = await readStoredFunctions(client);
  await client.query('BEGIN');
  try {
    await client.query(SEARCH_PATH);
    if (before.length > 0) await client.query(`DROP FUNCTION ${before.map(toSignature).join(', ')} CASCADE`);
    if (tableChanges !== '') await client.query(tableChanges);
    for (const { name, sql } of files) {
      await client.query(sql).catch((error: unknown) => {
        throw new Error(`functions/${name}.sql: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      });
    }
    return toStatements(files, before, await readStoredFunctions(client));
  } finally {
    await client.query('ROLLBACK');
  }
}

const toSignature = ({ name, argumentTypes }: StoredFunction) => `"${name}"(${argumentTypes})`;

function toStatements(files: FunctionFile[], before: StoredFunction[], after: StoredFunction[]): string {
  const undefinedFiles = files.filter(({ name }) => !after.some((one) => one.name === name));
  const unnamed = after.filter(({ name }) => !files.some((file) => file.name === name));
  if (undefinedFiles.length + unnamed.length > 0) {
    const names = [...undefinedFiles, ...unnamed].map(({ name }) => name).join(', ');
    throw new Error(`Each file of functions/ defines the one function that it is named for, with its triggers: ${names}.`);
  }
  const wanted = new Map(after.map((one) => [one.name, one]));
  const dropped = new Set(before.filter((one) => wanted.get(one.name)?.signature !== one.signature).map(({ name }) => name));
  // PostgreSQL drops no function that another one calls in its SQL body: the callers are made again as well.
  for (const file of files) if ([...dropped].some((name) => calls(file, name))) dropped.add(file.name);
  const drops = before.filter(({ name }) => dropped.has(name));
  const statements: string[] = [];
  for (const { name, triggers } of before) {
    const kept = dropped.has(name) ? [] : (wanted.get(name)?.triggers ?? []);
    for (const trigger of triggers) {
      if (!kept.some((one) => one.name === trigger.name))
        statements.push(`DROP TRIGGER "${trigger.name}" ON "${trigger.table}";`);
    }
  }
  if (drops.length > 0) statements.push(`DROP FUNCTION ${drops.map(toSignature).join(', ')};`);
  for (const { name, sql } of files) {
    const stored = before.find((one) => one.name === name);
    if (dropped.has(name) || stored?.definition !== wanted.get(name)?.definition) statements.push(sql);
  }
  return statements.join('\n\n');
}

async function readStoredFunctions(client: pg.ClientBase): Promise<StoredFunction[]> {
  const { rows } = await client.query<StoredFunction>(`
    SELECT proname AS name, pg_get_function_identity_arguments(proc.oid) AS "argumentTypes",
      pg_get_function_arguments(proc.oid) || ' ' || pg_get_function_result(proc.oid) AS signature,
      pg_get_functiondef(proc.oid) || coalesce(string_agg(pg_get_triggerdef(trigger.oid), ';' ORDER BY tgname), '') AS definition,
      coalesce(json_agg(json_build_object('name', tgname, 'table', relname) ORDER BY tgname)
        FILTER (WHERE tgname IS NOT NULL), '[]') AS triggers
    FROM pg_proc AS proc
    LEFT JOIN pg_trigger AS trigger ON tgfoid = proc.oid AND tgparentid = 0
    LEFT JOIN pg_class ON pg_class.oid = tgrelid
    WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = proc.oid AND deptype = 'e')
    GROUP BY proc.oid, proname ORDER BY proname`);
  return rows;
}
