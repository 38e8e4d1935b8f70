// The first steps of every npm command of the project: check Node's version, install the packages, build.
// Plain JavaScript without dependencies, since it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchHelm } from './helm.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Turborepo's command, and its environment, which disables telemetry. */
export const TURBO = join(ROOT, 'node_modules/turbo/bin/turbo');
export const TURBO_ENV = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
const OLDEST_NODE = [20, 19];

/** Prints an error message and exits with code 1. */
export function exitWithError(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  exitWithError(`Tidings needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
}

/** Installs the packages of the lock file, unless they are installed. */
function installPackages() {
  if (!isInstalled()) {
    console.log('Installing packages (once) …');
    // The build needs devDependencies, which npm leaves out when NODE_ENV is production.
    runWithProgress('Installing packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  }
}

/** Installs the packages, and builds the packages and apps that have changed. */
export function prepare() {
  installPackages();
  console.log('Building …');
  runWithProgress(
    'Building',
    process.execPath,
    [TURBO, 'run', 'build', '--output-logs=errors-only', '--log-prefix=none'],
    true,
    TURBO_ENV,
  );
}

/** Installs the packages, and builds the API with what it needs. */
export function prepareApi() {
  installPackages();
  console.log('Building …');
  const filters = ['@tidings/api', '@tidings/local'].map((name) => `--filter=${name}`);
  run(process.execPath, [TURBO, 'run', 'build', ...filters, '--output-logs=errors-only', '--log-prefix=none'], true, TURBO_ENV);
}

/** Prepares unit tests: installs the packages, and generates the Prisma client and the list of the migrations. Builds nothing. */
export function prepareUnitTests() {
  installPackages();
  if (!existsSync(join(ROOT, 'packages/database/src/generated/migration-names.ts'))) {
    run(process.execPath, [join(ROOT, 'packages/database/generate.mjs')], true);
  }
}

/** Returns the folder of Debian's newest PostgreSQL, such as `/usr/lib/postgresql/15`. Installs PostgreSQL as root on Debian. */
function debianPostgres() {
  const newest = () => {
    const folder = '/usr/lib/postgresql';
    const versions = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'bin/initdb'))) : [];
    const [version] = versions.sort((a, b) => Number(b) - Number(a));
    return version && join(folder, version);
  };
  if (!newest() && mayInstall()) install(['postgresql']);
  return newest() ?? exitWithError('There is no PostgreSQL of Debian: install it ("sudo apt-get install postgresql").');
}

/**
 * Takes `--postgres=debian` or `--postgres=FOLDER` out of the arguments, and lets every PostgreSQL that this process and its children
 * start be Debian's, or the one whose `bin` is in the folder, instead of the embedded one. Returns the other arguments.
 */
export function choosePostgres(args) {
  const option = '--postgres=';
  const choice = args.findLast((one) => one.startsWith(option))?.slice(option.length);
  if (choice) process.env.TIDINGS_POSTGRES_BINARIES = choice === 'debian' ? debianPostgres() : choice;
  return args.filter((one) => !one.startsWith(option));
}

/** Makes sure that a Redis or Valkey server is on the PATH. Installs Debian's package as root on Linux; otherwise exits with an error. */
export function prepareRedis() {
  if (isOnPath('redis-server') || isOnPath('valkey-server')) return;
  if (!mayInstall()) {
    const how = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server';
    exitWithError(
      `Tidings needs redis-server or valkey-server on the PATH: install it ("${how}"), or set REDIS_URL to a server that runs.`,
    );
  }
  install(['redis-server']);
}

/** Programs that some tests need: the Debian package, and the possible names of its program. */
const FOR_TESTS = {
  curl: ['curl'],
  'nginx-light': ['nginx'],
  systemd: ['systemd-analyze'],
  pgbouncer: ['pgbouncer'],
  'postgresql-client': ['psql'],
  chromium: ['chromium', 'google-chrome', 'chromium-browser'],
  // Only suites named *.ci.test.ts need it, and Helm.
  ...(process.env.CI ? { prometheus: ['promtool'] } : {}),
};

/** Installs the missing programs as root on Debian. Otherwise the tests that need them are skipped, and say so. */
export function prepareProgramsForTests() {
  if (process.env.CI) prepareHelm();
  const missing = Object.keys(FOR_TESTS).filter((name) => !FOR_TESTS[name].some(isOnPath));
  if (missing.length === 0) return;
  if (mayInstall()) install(missing);
  else console.log(`Some tests are skipped, since these programs are missing: ${missing.join(', ')}.`);
}

/** The folder in which tests look for Helm when it is not on the PATH. */
const HELM_FOLDER = join(ROOT, 'node_modules/.cache/helm');

/** Fetches Helm (36 MB, once) as root on Debian on x86-64. */
function prepareHelm() {
  if (isOnPath('helm') || existsSync(join(HELM_FOLDER, 'helm'))) return;
  if (!mayInstall() || process.arch !== 'x64') return;
  console.log('Fetching Helm (once) …');
  try {
    fetchHelm(HELM_FOLDER);
  } catch (error) {
    exitWithError(error.message);
  }
}

/** Returns whether this is root on a Linux with apt-get. */
function mayInstall() {
  return process.platform === 'linux' && process.getuid() === 0 && isOnPath('apt-get');
}

/** Installs Debian packages. */
function install(packages) {
  console.log(`Installing ${packages.join(', ')} (once) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  withoutStartingServices(() => {
    run('apt-get', ['update', '-qq'], true, env);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], true, env);
  });
}

/** Debian starts a server as soon as it is installed; Tidings starts servers itself, with other ports and folders. */
function withoutStartingServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  const isMissing = !existsSync(policy);
  if (isMissing) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (isMissing) rmSync(policy);
  }
}

function isInstalled() {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
}

function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** How often a long step says that it goes on, in milliseconds. */
const PROGRESS_EVERY_MS = 10_000;

/** Runs a command like `run`, and prints every ten seconds for how long it has been running: it may take minutes. */
function runWithProgress(what, command, args, quiet = false, env = process.env) {
  // A process of its own, since `run` blocks this one. It ends with its standard input, even if this process is killed.
  const ticker = `
    const start = Date.now();
    setInterval(() => console.log(${JSON.stringify(what)} + ' … ' + Math.round((Date.now() - start) / 1000) + ' s'), ${PROGRESS_EVERY_MS});
    process.stdin.on('end', () => process.exit()).resume();
    process.stdout.on('error', () => process.exit());`;
  const progress = spawn(process.execPath, ['--eval', ticker], { stdio: ['pipe', 'inherit', 'ignore'] });
  progress.stdin.on('error', () => undefined);
  try {
    run(command, args, quiet, env);
  } finally {
    progress.kill();
    progress.unref();
    progress.stdin.destroy();
  }
}

/** Runs a command. When it fails, prints its output and exits. */
function run(command, args, quiet = false, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    env,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  if (quiet) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  exitWithError(`"${[command, ...args].join(' ')}" failed${error ? `: ${error.message}` : '.'}`);
}
