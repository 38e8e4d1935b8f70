// npm test [-- [unit] [database] [e2e] [--postgres=debian|FOLDER] [--hostile] [Jest's arguments]]: sets up the servers of the suites, runs the suites,
// and removes the servers again. Without the name of a project it runs all three; `unit` needs no server and no build.
// TEST_DATABASE_URL and TEST_REDIS_URL, when set, are used instead of servers of our own; --postgres=debian starts
// Debian's PostgreSQL instead of the embedded one, or the one in a folder with `bin`; --hostile gives every database defaults on which no statement may rely.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePostgres, prepare, prepareProgramsForTests, prepareRedis, prepareUnitTests, ROOT } from './prepare.mjs';
import { waitForStopSignal } from './stop-signal.mjs';
import { PROJECTS } from './test-projects.mjs';

const HOSTILE = '--hostile';
const given = choosePostgres(process.argv.slice(2));
const projects = given.filter((argument) => PROJECTS.includes(argument));
const jestArguments = given.filter((argument) => !PROJECTS.includes(argument) && argument !== HOSTILE);
const onlyUnit = projects.length > 0 && projects.every((name) => name === 'unit');

let interrupted = false;
const asked = waitForStopSignal().then(() => {
  interrupted = true;
});
process.exitCode = await (onlyUnit ? runUnit() : runWithServers());
if (interrupted) process.exitCode = 130;
process.exit();

async function runUnit() {
  prepareUnitTests();
  const folder = mkdtempSync(join(tmpdir(), 'tidings-unit-'));
  try {
    return await runJest(folder, {});
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the suites with servers. In every case the started servers are stopped, and the written files removed. */
async function runWithServers() {
  const { TEST_DATABASE_URL, TEST_REDIS_URL } = process.env;
  if (!TEST_REDIS_URL) prepareRedis();
  prepare();
  // Later: an installation of the packages deletes what was fetched into their folder.
  prepareProgramsForTests();
  const { startPostgres, startRedis, temporaryFolder } = await import('../packages/local/dist/index.js');
  const { migrate } = await import('../packages/database/dist/index.js');
  const { folder, remove } = temporaryFolder();
  let postgres;
  let redis;
  try {
    // The suites' databases may be lost in a crash; forcing each commit to disk would only slow them down.
    const settings = { fsync: 'off', max_connections: '300' };
    if (!TEST_DATABASE_URL) postgres = await startPostgres({ folder: join(folder, 'postgres'), settings });
    if (!TEST_REDIS_URL) redis = await startRedis({ folder: join(folder, 'redis') });
    const databaseUrl = TEST_DATABASE_URL || postgres.url;
    if (given.includes(HOSTILE)) {
      // Read when the module is imported, here and by the suites.
      Object.assign(process.env, { TEST_HOSTILE: 'true', TEST_DATABASE_URL: databaseUrl });
      const { addDecoy, makeHostile } = await import('../packages/testing/dist/index.js');
      await makeHostile();
      await migrate(databaseUrl);
      await addDecoy();
    } else {
      await migrate(databaseUrl);
    }
    if (interrupted) return 130;
    return await runJest(folder, { TEST_DATABASE_URL: databaseUrl, TEST_REDIS_URL: TEST_REDIS_URL || redis.url });
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await redis?.stop();
    await postgres?.remove();
    remove();
  }
}

async function runJest(folder, servers) {
  const results = join(folder, 'results.json');
  const node = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'];
  const options = ['--json', `--outputFile=${results}`, `--cacheDirectory=${join(ROOT, 'node_modules/.cache/jest')}`];
  if (projects.length > 0) options.push('--selectProjects', ...projects);
  const jest = spawn(process.execPath, [...node, 'node_modules/jest/bin/jest.js', ...jestArguments, ...options], {
    cwd: ROOT,
    // A group of its own, so that Ctrl-C reaches its workers through us, once.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    // Files that an interrupted suite leaves behind go with the folder.
    env: { ...process.env, ...servers, NODE_OPTIONS: node.join(' '), TMPDIR: folder },
  });
  const closed = once(jest, 'close');
  asked.then(() => process.kill(-jest.pid, 'SIGTERM')).catch(() => undefined);
  const [code] = await closed;
  if (existsSync(results)) {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
    console.log(`\n${numPassedTests} passed, ${numFailedTests} failed`);
  }
  if (!process.env.CI) console.log('Suites named *.ci.test.ts run only with CI=true.');
  return code ?? 1;
}
