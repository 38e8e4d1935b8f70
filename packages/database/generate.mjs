// Generates the Prisma client. Generating needs no schema engine, yet the CLI would download one: any file will do.
import { spawnSync } from 'node:child_process';
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
