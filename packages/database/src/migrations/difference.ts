import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from './connection.js';
import { openEngine, PRISMA_FOLDER } from './engine.js';
import type { MigrationOptions } from './migrate.js';

/**
 * Returns the SQL that would bring the tables of a database to schema.prisma: empty when they agree. New migrations begin
 * with it, and a test compares schema.prisma and the migrations by it.
 */
export async function difference(databaseUrl: string, options: MigrationOptions = {}): Promise<string> {
  const { prismaFolder = PRISMA_FOLDER, waitMs = 15_000, pooler } = options;
  const path = join(prismaFolder, 'schema.prisma');
  const files = [{ path, content: readFileSync(path, 'utf8') }];
  const { pool } = await connect(databaseUrl, { waitMs, pooler });
  try {
    const engine = await openEngine(pool, path);
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: prismaFolder },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return (stdout ?? '').replace(/^-- This is an empty migration\.\s*$/m, '').trim();
  } finally {
    await pool.end();
  }
}
