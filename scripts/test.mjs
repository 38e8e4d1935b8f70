// npm test [-- jest arguments]: sets up what the suites need, runs them, and takes it away again.
// TEST_DATABASE_URL and TEST_REDIS_URL, when set, are used instead of servers of our own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, prepareProgramsForTests, prepareRedis, ROOT } from './prepare.mjs';
import { waitForStopSignal } from './stop-signal.mjs';

const { TEST_DATABASE_URL, TEST_REDIS_URL } = process.env;
if (!TEST_REDIS_URL) prepareRedis();
prepareProgramsForTests();
prepare();

const { startPostgres, startRedis, temporaryFolder } = await import('../packages/local/dist/index.js');
const { migrate } = await import('../packages/database/dist/index.js');

// Whatever happens from here on, what was started is stopped, and what was written is removed.
let interrupted = false;
const asked = waitForStopSignal().then(() => {
  interrupted = true;
});
const { folder, remove } = temporaryFolder();
const results = join(folder, 'results.json');
let postgres;
let redis;
let exitCode = 1;
try {
  // The suites' databases may be lost in a crash; forcing each commit to disk would only slow them down.
  const settings = { fsync: 'off', max_connections: '300' };
  if (!TEST_DATABASE_URL) postgres = await startPostgres({ folder: join(folder, 'postgres'), settings });
  if (!TEST_REDIS_URL) redis = await startRedis({ folder: join(folder, 'redis') });
  const databaseUrl = TEST_DATABASE_URL || postgres.url;
  await migrate(databaseUrl);
  if (!interrupted) exitCode = await runJest({ databaseUrl, redisUrl: TEST_REDIS_URL || redis.url });
  if (existsSync(results)) {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
    console.log(`\n${numPassedTests} passed, ${numFailedTests} failed`);
  }
} catch (error) {
  console.error(error);
} finally {
  await redis?.stop();
  await postgres?.remove();
  remove();
}
process.exit(interrupted ? 130 : exitCode);

async function runJest({ databaseUrl, redisUrl }) {
  const node = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'];
  const cache = join(ROOT, 'node_modules/.cache/jest');
  const options = ['--json', `--outputFile=${results}`, `--cacheDirectory=${cache}`, ...process.argv.slice(2)];
  const jest = spawn(process.execPath, [...node, 'node_modules/jest/bin/jest.js', ...options], {
    cwd: ROOT,
    // A group of its own, so that Ctrl-C reaches its workers through us, once.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: node.join(' '),
      TEST_DATABASE_URL: databaseUrl,
      TEST_REDIS_URL: redisUrl,
      // What a suite that is cut short leaves behind goes with the folder.
      TMPDIR: folder,
    },
  });
  const closed = once(jest, 'close');
  asked.then(() => process.kill(-jest.pid, 'SIGTERM')).catch(() => undefined);
  const [code] = await closed;
  return code ?? 1;
}
