import { Command } from 'commander';
import { networkInterfaces } from 'node:os';
import { hostNetworks } from '@tidings/egress';
import { egressSettings, findMachineKeys, readSecretFiles, settingNotices, sharedSettings } from '@tidings/config';
import { tokenSettings } from '@tidings/auth';
import { DEFAULT_PREFIX } from '@tidings/events';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { serverUrl, withServerOptions, type ServerOptions } from '../server.js';
import { compareClocks } from './clocks.js';
import { checkEgress } from './egress.js';
import { checkDatabaseServer, checkRedisServer } from './servers.js';
import { findingFactory, findingText, type Finding } from './finding.js';
import { checkReady, checkToken, readApiClock } from './http-endpoints.js';
import { readPooler } from '../pooler.js';
import { checkTokens } from './tokens.js';

interface DoctorOptions extends ServerOptions {
  health: string[];
}

/**
 * `tidings doctor`: checks an installation with the environment of its API and workers. For each part it prints whether it is correct, and
 * what to do otherwise. It changes nothing. Exits with 1 when a check is `wrong`; warnings do not count.
 */
export function doctorCommand(io: Io): Command {
  return withServerOptions(new Command('doctor'))
    .description('Check an installation with the environment of its API and workers, and report problems; changes nothing')
    .option('--health <url>', "URL of a worker's health port: http://worker:3001; may be repeated", collect, [])
    .action(async (options: DoctorOptions) => {
      const findings = await runChecks(options, io);
      const ok = findings.every(({ level }) => level !== 'wrong');
      printResult(io, options.json, { ok, findings }, () => [...findings.map(findingText), summary(findings)].join('\n'));
      if (!ok) throw new Failure(EXIT.failed, options.json ? summary(findings) : '');
    });
}

async function runChecks(options: DoctorOptions, io: Io): Promise<Finding[]> {
  const { env: given, mistakes } = readSecretFiles(io.env);
  const env = withMachineKeys({ ...io, env: given });
  const localAddresses = hostNetworks(
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
  );
  const token = (options.token || env['TIDINGS_TOKEN'])?.trim() || undefined;
  const url = options.url || env['TIDINGS_URL'] ? serverUrl(options, io) : undefined;
  const [database, redis, tokens, egress, apiClock, ...ports] = await Promise.all([
    checkDatabaseServer(env['DATABASE_URL']?.trim(), env['SECRETS_KEYS'], {
      databasePool: env['DATABASE_POOL'],
      pooler: readPooler(env),
    }),
    checkRedisServer(env['REDIS_URL']?.trim(), env['REDIS_PREFIX'] || DEFAULT_PREFIX),
    checkTokens(env, token),
    checkEgress(env, localAddresses, url === undefined || token === undefined ? null : { url, token }),
    url === undefined ? null : readApiClock(url),
    ...(url === undefined ? [] : [checkReady('API', url)]),
    ...(url === undefined || !token ? [] : [checkToken(url, token)]),
    ...options.health.map((health) => checkReady('health', health)),
  ]);
  const clocks = compareClocks([apiClock, database.clock, redis.clock].filter((clock) => clock !== null));
  return [checkSettings(io.env, mistakes), ...database.findings, ...redis.findings, clocks, ...tokens, egress, ...ports];
}

/** Reports files of secrets that cannot be used, and what the processes say of their settings when they start. */
function checkSettings(env: NodeJS.ProcessEnv, mistakes: readonly string[]): Finding {
  const { ok, warning, wrong } = findingFactory('settings');
  if (mistakes.length > 0) return wrong(mistakes.join('. '), 'The API and the workers do not start with this value.');
  const notices = settingNotices(Object.keys({ ...sharedSettings, ...egressSettings, ...tokenSettings }), env);
  if (notices.length > 0) return warning(notices.join(' '));
  return ok('no mistyped names, and no white space around secrets');
}

/** Adds the keys that `npm start` generated for this project when the environment has none, as `tidings token` does. */
function withMachineKeys({ env, folder }: Io): NodeJS.ProcessEnv {
  if (env['NODE_ENV'] === 'production' || env['SECRETS_KEYS']) return env;
  const { SECRETS_KEYS, JWT_SECRET } = findMachineKeys(folder) ?? {};
  const hasTokenKey = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL', 'JWT_JWKS_FILE'].some((name) => env[name]);
  return { ...env, ...(SECRETS_KEYS && { SECRETS_KEYS }), ...(JWT_SECRET && !hasTokenKey && { JWT_SECRET }) };
}

function summary(findings: readonly Finding[]): string {
  const countOf = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  const [wrong, warnings] = [countOf('wrong'), countOf('warning')];
  if (wrong === 0 && warnings === 0) return 'No problems found.';
  return `${String(wrong)} wrong, ${String(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}.`;
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}
