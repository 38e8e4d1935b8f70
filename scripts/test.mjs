// npm test [-- jest arguments]: sets up what the suites need, runs them, and takes it away again.
// TEST_DATABASE_URL and TEST_REDIS_URL, when set, are used instead of servers of our own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, prepareRedis, ROOT } from './prepare.mjs';

prepare();
prepareRedis();

const { startPostgres, startRedis, temporaryFolder } = await import('../packages/local/dist/index.js');
const { migrate } = await import('../packages/database/dist/index.js');

const { folder, remove } = await temporaryFolder();
// The suites' databases may be lost in a crash; forcing each commit to disk would only slow them down.
const postgres = process.env.TEST_DATABASE_URL
  ? undefined
  : await startPostgres({ folder: join(folder, 'postgres'), settings: { fsync: 'off', max_connections: '300' } });
const redis = process.env.TEST_REDIS_URL ? undefined : await startRedis({ folder: join(folder, 'redis') });
const databaseUrl = process.env.TEST_DATABASE_URL ?? postgres.url;
const results = join(folder, 'results.json');

let exitCode;
try {
  await migrate(databaseUrl);
  exitCode = await runJest(process.argv.slice(2));
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
  console.log(`\n${numPassedTests} passed, ${numFailedTests} failed`);
} finally {
  await redis?.stop();
  await postgres?.stop();
  await remove();
}
process.exit(exitCode);

async function runJest(args) {
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--json',
      `--outputFile=${results}`,
      ...args,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        NODE_OPTIONS: '--experimental-vm-modules --no-warnings=ExperimentalWarning',
        TEST_DATABASE_URL: databaseUrl,
        TEST_REDIS_URL: process.env.TEST_REDIS_URL ?? redis.url,
      },
    },
  );
  process.once('SIGINT', () => jest.kill('SIGINT'));
  process.once('SIGTERM', () => jest.kill('SIGTERM'));
  const [code] = await once(jest, 'close');
  return code ?? 1;
}
