// Generates the Prisma client, and the list of the migrations, because images do not contain their files.
// Generating needs no schema engine, yet the CLI would download one: any file will do.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const root = join(import.meta.dirname, '../..');
const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'generate'], {
  cwd: root,
  encoding: 'utf8',
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
});
if (status !== 0) process.stderr.write(stdout + stderr);
process.exitCode = status ?? 1;

const migrations = readdirSync(join(root, 'prisma/migrations'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const text = `/** The names of all migrations of this version, in their order. */
export const MIGRATION_NAMES: readonly string[] = ${JSON.stringify(migrations, null, 2)};
`;
writeFileSync(join(import.meta.dirname, 'src/generated/migration-names.ts'), text);
