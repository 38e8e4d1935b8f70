import { Command, InvalidArgumentError } from 'commander';
import { signToken } from '@tidings/auth';
import { findMachineKeys } from '@tidings/config';
import { wrongUsage } from './failure.js';
import { show, type Io } from './io.js';
import { seconds } from './moment.js';
import { withJson } from './server.js';

interface TokenOptions {
  sub: string;
  scope?: string;
  expiresIn: number;
  json?: boolean;
}

/** The API refuses shorter ones. */
const MIN_SECRET_BYTES = 32;
/** The API refuses tokens that live longer, unless JWT_MAX_LIFETIME_S says otherwise. */
const MAX_LIFETIME_S = 86_400;

/**
 * `tidings token`: prints a development token, signed with JWT_SECRET of the environment or else with the key that
 * `npm start` made for this project.
 */
export function tokenCommand(io: Io): Command {
  const { env, folder } = io;
  const command = withJson(new Command('token'))
    .description('Print a development token (a JWT, HS256), signed with JWT_SECRET or else with the key in .tidings/')
    .requiredOption('--sub <user>', 'the user id that the token names', notEmpty)
    .option('--scope <scopes>', 'what it may do besides, separated by spaces: "events:publish"')
    .option('--expires-in <duration>', 'how long it is valid: 90s, 15m, 1h, 1d', seconds, 3600);

  return command.action(({ sub, scope, expiresIn, json }: TokenOptions) => {
    if (env['NODE_ENV'] === 'production') {
      throw wrongUsage('NODE_ENV is production, and this makes development tokens. There, ask your identity provider for one.');
    }
    const secret = env['JWT_SECRET'] || findMachineKeys(folder)?.JWT_SECRET;
    if (secret === undefined) {
      throw wrongUsage('there is no key to sign with. Set JWT_SECRET, or run this in the project after its first "npm start".');
    }
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      throw wrongUsage(`JWT_SECRET is shorter than ${String(MIN_SECRET_BYTES)} bytes, which the API refuses.`);
    }
    const maxLifetimeS = Number(env['JWT_MAX_LIFETIME_S'] || MAX_LIFETIME_S);
    if (expiresIn > maxLifetimeS) {
      throw wrongUsage(`the API refuses tokens that live for over ${String(maxLifetimeS)} seconds (JWT_MAX_LIFETIME_S).`);
    }
    const [issuer, audience] = [env['JWT_ISSUER'] || undefined, env['JWT_AUDIENCE'] || undefined];
    const token = signToken(secret, { sub, scope, issuer, audience, expiresInS: expiresIn });
    const expiresAt = new Date(Math.floor(Date.now() / 1000 + expiresIn) * 1000);
    show(io, json, { token, sub, scope: scope ?? null, expires_at: expiresAt }, () => token);
  });
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}
