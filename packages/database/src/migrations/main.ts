// node packages/database/dist/migrations/main.js [--diff | --build-indexes] [--wait seconds]
// Applies the missing migrations to the database of DATABASE_URL, or of the file that DATABASE_URL_FILE names. With --diff it only prints the SQL that would bring the
// database to schema.prisma. With --build-indexes it only builds the indexes that the migrations left to the processes.
import { parseArgs } from 'node:util';
import { buildIndexes } from '../sql/build-indexes.js';
import { connect } from './connection.js';
import { difference } from './difference.js';
import { migrate } from './migrate.js';
import { readSecretFiles } from '@tidings/runtime/secret-files';

// A migration goes on when nobody reads its output any more.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const { values } = parseArgs({
    options: {
      diff: { type: 'boolean', default: false },
      'build-indexes': { type: 'boolean', default: false },
      wait: { type: 'string', default: '15' },
    },
  });
  const { env, mistakes } = readSecretFiles(process.env);
  const mistake = mistakes.find((text) => text.includes('DATABASE_URL'));
  if (mistake !== undefined) throw new Error(mistake);
  const url = env['DATABASE_URL']?.trim();
  if (url === undefined || url === '') throw new Error('DATABASE_URL is not set: postgresql://user:password@host:5432/database');
  const pooler = process.env['DATABASE_POOLER'] || 'none';
  if (pooler !== 'none' && pooler !== 'transaction') throw new Error('DATABASE_POOLER must be none or transaction.');
  const options = { waitMs: Number(values.wait) * 1000, pooler } as const;
  if (Number.isNaN(options.waitMs)) throw new Error(`--wait takes a number of seconds, not "${values.wait}".`);
  if (values.diff) {
    console.log((await difference(url, options)) || '-- The database and schema.prisma agree.');
  } else if (values['build-indexes']) {
    const { pool } = await connect(url, options);
    try {
      const { built, left } = await buildIndexes(pool);
      console.log(built.length > 0 ? built.map((name) => `built ${name}`).join('\n') : 'no index was built');
      for (const { index, reason } of left) console.error(`${index} cannot be built: ${reason}.`);
      if (left.length > 0) process.exitCode = 1;
    } finally {
      await pool.end();
    }
  } else {
    const applied = await migrate(url, options);
    console.log(applied.length > 0 ? applied.map((name) => `applied ${name}`).join('\n') : 'up to date');
  }
} catch (error) {
  console.error(error instanceof Error ? error.message.trim() : error);
  process.exitCode = 1;
}
