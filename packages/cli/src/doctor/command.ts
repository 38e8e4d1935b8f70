import { Command } from 'commander';
import { networkInterfaces } from 'node:os';
import { hostNetworks } from '@tidings/egress';
import { findMachineKeys } from '@tidings/config';
import { EXIT, Failure } from '../failure.js';
import { show, type Io } from '../io.js';
import { serverUrl, withServer, type ServerOptions } from '../server.js';
import { judgeClocks } from './clocks.js';
import { checkEgress } from './egress.js';
import { examineDatabase, examineRedis } from './examine.js';
import { findingText, type Finding } from './finding.js';
import { checkReady, checkToken } from './ports.js';
import { checkTokens } from './tokens.js';

interface DoctorOptions extends ServerOptions {
  health: string[];
}

/**
 * `tidings doctor`: looks at a Tidings as it is configured here, with the environment of the API and the workers, and says of
 * each part whether it is as it should be, and what to do when it is not. It changes nothing. Exits with 1 when something is
 * wrong; warnings do not count.
 */
export function doctorCommand(io: Io): Command {
  return withServer(new Command('doctor'))
    .description('Look for what is wrong with a Tidings, from the environment of its API and workers; changes nothing')
    .option('--health <url>', "a worker's health port: http://worker:3001; may be repeated", collect, [])
    .action(async (options: DoctorOptions) => {
      const findings = await examine(options, io);
      const ok = findings.every(({ level }) => level !== 'wrong');
      show(io, options.json, { ok, findings }, () => [...findings.map(findingText), summary(findings)].join('\n'));
      if (!ok) throw new Failure(EXIT.failed, options.json ? summary(findings) : '');
    });
}

async function examine(options: DoctorOptions, io: Io): Promise<Finding[]> {
  const env = withOwnKeys(io);
  const own = hostNetworks(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
  const token = options.token || env['TIDINGS_TOKEN'];
  const url = options.url || env['TIDINGS_URL'] ? serverUrl(options, io) : undefined;
  const [database, redis, tokens, egress, ...ports] = await Promise.all([
    examineDatabase(env['DATABASE_URL'], env['SECRETS_KEYS']),
    examineRedis(env['REDIS_URL']),
    checkTokens(env),
    checkEgress(env, own),
    ...(url === undefined ? [] : [checkReady('API', url)]),
    ...(url === undefined || !token ? [] : [checkToken(url, token)]),
    ...options.health.map((health) => checkReady('health', health)),
  ]);
  const clocks = judgeClocks([database.clock, redis.clock].filter((clock) => clock !== null));
  return [...database.findings, ...redis.findings, clocks, tokens, egress, ...ports];
}

/** Where the environment has no keys, those that `npm start` made for this project, as `tidings token` takes them. */
function withOwnKeys({ env, folder }: Io): NodeJS.ProcessEnv {
  if (env['NODE_ENV'] === 'production' || env['SECRETS_KEYS']) return env;
  const { SECRETS_KEYS, JWT_SECRET } = findMachineKeys(folder) ?? {};
  const isTold = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL', 'JWT_JWKS_FILE'].some((name) => env[name]);
  return { ...env, ...(SECRETS_KEYS && { SECRETS_KEYS }), ...(JWT_SECRET && !isTold && { JWT_SECRET }) };
}

function summary(findings: readonly Finding[]): string {
  const counted = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  const [wrong, warnings] = [counted('wrong'), counted('warning')];
  if (wrong === 0 && warnings === 0) return 'Nothing is wrong.';
  return `${String(wrong)} wrong, ${String(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}.`;
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}
