import { Command, InvalidArgumentError } from 'commander';
import { signToken } from '@tidings/auth';
import { findMachineKeys } from '@tidings/config';
import { usageError } from './failure.js';
import { printResult, type Io } from './io.js';
import { parseSeconds } from './option-values.js';
import { withJsonOption } from './server.js';

interface TokenOptions {
  sub: string;
  scope?: string;
  expiresIn: number;
  json?: boolean;
}

/** The API refuses shorter secrets. */
const MIN_SECRET_BYTES = 32;
/** The API's default of JWT_MAX_LIFETIME_S: it refuses tokens with a longer lifetime. */
const MAX_LIFETIME_S = 86_400;

/**
 * `tidings token`: prints a development token, signed with JWT_SECRET of the environment or else with the key that `npm start`
 * generated for this project.
 */
export function tokenCommand(io: Io): Command {
  const { env, folder } = io;
  const command = withJsonOption(new Command('token'))
    .description('Print a development token (a JWT, HS256), signed with JWT_SECRET or else with the key in .tidings/')
    .requiredOption('--sub <owner>', 'the owner that the token identifies (claim sub)', notEmpty)
    .option('--scope <scopes>', 'additional scopes, separated by spaces: "events:publish"')
    .option('--expires-in <duration>', 'how long it is valid: 90s, 15m, 1h, 1d', parseSeconds, 3600);

  return command.action(({ sub, scope, expiresIn, json }: TokenOptions) => {
    if (env['NODE_ENV'] === 'production') {
      throw usageError(
        'NODE_ENV is production, and this command creates development tokens only. Get a token from your identity provider.',
      );
    }
    const secret = env['JWT_SECRET'] || findMachineKeys(folder)?.JWT_SECRET;
    if (secret === undefined) {
      throw usageError('there is no key to sign with. Set JWT_SECRET, or run this in the project after its first "npm start".');
    }
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      throw usageError(`JWT_SECRET is shorter than ${String(MIN_SECRET_BYTES)} bytes, which the API refuses.`);
    }
    const maxLifetimeS = Number(env['JWT_MAX_LIFETIME_S'] || MAX_LIFETIME_S);
    if (expiresIn > maxLifetimeS) {
      throw usageError(
        `the API refuses tokens with a lifetime of over ${String(maxLifetimeS)} seconds (JWT_MAX_LIFETIME_S). Use a shorter --expires-in.`,
      );
    }
    const [issuer, audience] = [env['JWT_ISSUER'] || undefined, env['JWT_AUDIENCE'] || undefined];
    const token = signToken(secret, { sub, scope, issuer, audience, expiresInS: expiresIn });
    const expiresAt = new Date(Math.floor(Date.now() / 1000 + expiresIn) * 1000);
    printResult(io, json, { token, sub, scope: scope ?? null, expires_at: expiresAt }, () => token);
  });
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}
