import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import type pg from 'pg';
import { readSchemaName } from '../sql/read-schema-name.js';

/**
 * Creates the adapter that connects Prisma's schema engine to PostgreSQL, in the schema of the pool's sessions. It corrects two
 * faults of `PrismaPg` (7.10):
 *
 * - To describe a database, the engine selects columns of the type `"char"`, which the adapter does not know. They are
 *   selected as text, and their results are marked as characters again.
 * - The adapter splits a migration at every semicolon, even in function bodies, string literals and comments. It is sent as one
 *   script instead, as the native engine does, and PostgreSQL applies all of it or nothing.
 *
 * The engine's own lock is left to the caller, who has taken it: behind a pooler the engine would take it in some other session.
 */
export function migrationAdapter(pool: pg.Pool): PrismaPg {
  const options: { schema?: string } = {};
  const factory = new PrismaPg(pool, options);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    options.schema = await readSchemaName(pool);
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      if (query.sql.startsWith(ENGINE_LOCK)) return { columnNames: [], columnTypes: [], rows: [] };
      const { columnNames, columnTypes, rows } = await queryRaw({ ...query, sql: castChars(query.sql) });
      const types = columnTypes.map((type, index) => (CHARS.has(columnNames[index] ?? '') ? ColumnTypeEnum.Character : type));
      return { columnNames, columnTypes: types, rows };
    };
    const executeRaw = adapter.executeRaw.bind(adapter);
    adapter.executeRaw = async (query) => (query.sql.startsWith(ENGINE_LOCK) ? 0 : executeRaw(query));
    adapter.executeScript = async (script) => {
      await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
    };
    return adapter;
  };
  return factory;
}

const ENGINE_LOCK = 'SELECT pg_advisory_lock(72707369)';

/** The names that the engine gives to columns of the type `"char"`. */
const CHARS = new Set(['constraint_type', 'confdeltype', 'confupdtype']);

function castChars(sql: string): string {
  return sql
    .replace('constr.contype AS', 'constr.contype::text AS')
    .replace(/\bcon\.(confdeltype|confupdtype),/g, 'con.$1::text AS $1,');
}
