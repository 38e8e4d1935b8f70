// The first steps of every npm command of the project: check Node's version, install the packages, build.
// Plain JavaScript without dependencies, since it runs before anything is installed.
import { spawnSync } from 'node:child_process';
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
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  }
}

/** Installs the packages, and builds the packages and apps that have changed. */
export function prepare() {
  installPackages();
  console.log('Building …');
  run(process.execPath, [TURBO, 'run', 'build', '--output-logs=errors-only', '--log-prefix=none'], true, TURBO_ENV);
}

/** Installs the packages, and builds the API with what it needs. */
export function prepareApi() {
  installPackages();
  console.log('Building …');
  const filters = ['@tidings/api', '@tidings/local'].map((name) => `--filter=${name}`);
  run(process.execPath, [TURBO, 'run', 'build', ...filters, '--output-logs=errors-only', '--log-prefix=none'], true, TURBO_ENV);
}

/** Prepares unit tests: installs the packages and generates the Prisma client. Builds nothing. */
export function prepareUnitTests() {
  installPackages();
  if (!existsSync(join(ROOT, 'packages/database/src/generated'))) {
    run(process.execPath, [join(ROOT, 'packages/database/generate.mjs')], true);
  }
}

/** Returns the folder of Debian's newest PostgreSQL, such as `/usr/lib/postgresql/15`. Installs PostgreSQL as root on Debian. */
export function debianPostgres() {
  const newest = () => {
    const folder = '/usr/lib/postgresql';
    const versions = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'bin/initdb'))) : [];
    const [version] = versions.sort((a, b) => Number(b) - Number(a));
    return version && join(folder, version);
  };
  if (!newest() && mayInstall()) install(['postgresql']);
  return newest() ?? exitWithError('There is no PostgreSQL of Debian: install it ("sudo apt-get install postgresql").');
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
  pgbouncer: ['pgbouncer'],
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
