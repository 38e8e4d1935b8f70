import { Command, InvalidArgumentError } from 'commander';
import { MIN_SECRET_BYTES, secretsIn, signToken } from '@tidings/auth';
import { findMachineKeys } from '@tidings/config';
import { usageError } from './failure.js';
import { printResult, type Io } from './io.js';
import { withSecretFiles } from './secret-files.js';
import { parseSeconds } from './option-values.js';
import { withJsonOption } from './server.js';

interface TokenOptions {
  sub: string;
  scope?: string;
  expiresIn: number;
  production: boolean;
  json?: boolean;
}

/** The API's default of JWT_MAX_LIFETIME_S: it refuses tokens with a longer lifetime. */
const MAX_LIFETIME_S = 86_400;

/**
 * `tidings token`: prints a token, signed with the newest secret of JWT_SECRET of the environment, or else with the key that
 * `npm start` generated for this project. In production it needs a flag, and signs with JWT_SECRET only.
 */
export function tokenCommand(io: Io): Command {
  const command = withJsonOption(new Command('token'))
    .description('Print a token (a JWT, HS256), signed with JWT_SECRET or else, in development, with the key in .tidings/')
    .requiredOption('--sub <owner>', 'the owner that the token identifies (claim sub, or JWT_OWNER_CLAIM)', notEmpty)
    .option('--scope <scopes>', 'additional scopes, separated by spaces: "events:publish"')
    .option('--expires-in <duration>', 'how long it is valid: 90s, 15m, 1h, 1d', parseSeconds, 3600)
    .option('--production', 'sign although NODE_ENV is production: for an installation without an identity provider', false);

  return command.action(({ sub, scope, expiresIn, production, json }: TokenOptions) => {
    const env = withSecretFiles(io.env);
    const isProduction = production || env['NODE_ENV'] === 'production';
    if (isProduction && !production) {
      throw usageError(
        'NODE_ENV is production, and tokens come from your identity provider. Without one, --production signs a token with JWT_SECRET.',
      );
    }
    const secret = env['JWT_SECRET'] || (isProduction ? undefined : findMachineKeys(io.folder)?.JWT_SECRET);
    if (secret === undefined) {
      throw usageError(
        isProduction
          ? 'there is no key to sign with. Set JWT_SECRET or JWT_SECRET_FILE, as it is for the API.'
          : 'there is no key to sign with. Set JWT_SECRET, or run this in the project after its first "npm start".',
      );
    }
    if (Buffer.byteLength(secretsIn(secret)[0]) < MIN_SECRET_BYTES) {
      throw usageError(`JWT_SECRET is shorter than ${String(MIN_SECRET_BYTES)} bytes, which the API refuses.`);
    }
    const maxLifetimeS = Number(env['JWT_MAX_LIFETIME_S'] || MAX_LIFETIME_S);
    if (expiresIn > maxLifetimeS) {
      throw usageError(
        `the API refuses tokens with a lifetime of over ${String(maxLifetimeS)} seconds (JWT_MAX_LIFETIME_S). Use a shorter --expires-in.`,
      );
    }
    const token = signToken({ ...env, JWT_SECRET: secret }, { owner: sub, scope, expiresInS: expiresIn });
    const expiresAt = new Date(Math.floor(Date.now() / 1000 + expiresIn) * 1000);
    printResult(io, json, { token, sub, scope: scope ?? null, expires_at: expiresAt }, () => token);
  });
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}
