import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from './connection.js';
import { difference } from './difference.js';
import { PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';
import { functionDifference, FUNCTIONS_FOLDER, SEARCH_PATH } from './functions.js';
import type { MigrationOptions } from './migrate.js';

/** Where the sources of a generated migration are, and its time. */
export interface GenerateOptions extends MigrationOptions {
  /** The folder of the function files. Default: that of the project. */
  functionsFolder?: string;
  /** Time of the migration, which its name begins with. Default: now. */
  now?: Date;
}

const HEADER = '-- Functions and triggers are generated from packages/database/functions: change them there.';

/**
 * Writes the migration that brings a migrated database to schema.prisma and to the function files, and returns its folder's
 * name; null when they agree already. The author reads it before it is committed: Prisma drops and adds a column that was
 * renamed, and knows nothing of rows. Throws when the name is not in snake case, when the database lacks migrations, or
 * when a function file is wrong.
 */
export async function generateMigration(
  databaseUrl: string,
  name: string,
  options: GenerateOptions = {},
): Promise<string | null> {
  const { prismaFolder = PRISMA_FOLDER, functionsFolder = FUNCTIONS_FOLDER, now = new Date() } = options;
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw new Error(`The name of a migration is in snake case, such as slot_rules, not "${name}".`);
  const folder = `${now.toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`;
  const last = readMigrations(prismaFolder).migrationDirectories.at(-1)?.path ?? '';
  if (folder <= last) throw new Error(`${folder} would not come after the last migration, ${last}: check the clock.`);

  const tableChanges = await difference(databaseUrl, options);
  const { pool } = await connect(databaseUrl, { waitMs: options.waitMs ?? 15_000 });
  const client = await pool.connect();
  try {
    const functions = await functionDifference(client, { folder: functionsFolder, tableChanges });
    if (tableChanges === '' && functions === '') return null;
    const searchPath = functions.includes('FROM CURRENT') ? SEARCH_PATH : '';
    const parts = [searchPath, tableChanges, functions === '' ? '' : `${HEADER}\n\n${functions}`].filter((part) => part !== '');
    mkdirSync(join(prismaFolder, 'migrations', folder));
    writeFileSync(join(prismaFolder, 'migrations', folder, 'migration.sql'), `${parts.join('\n\n')}\n`);
    return folder;
  } finally {
    client.release();
    await pool.end();
  }
}
