import { Command, InvalidArgumentError } from 'commander';
import { findKeys, signToken } from '@tidings/keys';
import { parseDuration } from './duration.js';

interface TokenOptions {
  sub: string;
  scope?: string;
  expiresIn: number;
}

/** The API refuses shorter ones. */
const MIN_SECRET_BYTES = 32;
/** The API refuses tokens that live longer, unless JWT_MAX_LIFETIME_S says otherwise. */
const MAX_LIFETIME_S = 86_400;

/**
 * `tidings token`: prints a development token, signed with JWT_SECRET of the environment or else with the key that
 * `npm start` made for this project.
 */
export function tokenCommand({ env, folder }: { env: NodeJS.ProcessEnv; folder: string }): Command {
  const command: Command = new Command('token')
    .description('Print a development token (a JWT, HS256), signed with JWT_SECRET or else with the key in .tidings/')
    .requiredOption('--sub <user>', 'the user id that the token names', notEmpty)
    .option('--scope <scopes>', 'what it may do besides, separated by spaces: "events:publish"')
    .option('--expires-in <duration>', 'how long it is valid: 90s, 15m, 1h, 1d', seconds, 3600);

  return command.action(({ sub, scope, expiresIn }: TokenOptions) => {
    if (env['NODE_ENV'] === 'production') {
      command.error(
        'error: NODE_ENV is production, and this makes development tokens. There, ask your identity provider for one.',
      );
    }
    const secret = env['JWT_SECRET'] || findKeys(folder)?.JWT_SECRET;
    if (secret === undefined) {
      command.error(
        'error: there is no key to sign with. Set JWT_SECRET, or run this in the project after its first "npm start".',
      );
    }
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      command.error(`error: JWT_SECRET is shorter than ${String(MIN_SECRET_BYTES)} bytes, which the API refuses.`);
    }
    const maxLifetimeS = Number(env['JWT_MAX_LIFETIME_S'] || MAX_LIFETIME_S);
    if (expiresIn > maxLifetimeS) {
      command.error(`error: the API refuses tokens that live for over ${String(maxLifetimeS)} seconds (JWT_MAX_LIFETIME_S).`);
    }
    const [issuer, audience] = [env['JWT_ISSUER'] || undefined, env['JWT_AUDIENCE'] || undefined];
    console.log(signToken(secret, { sub, scope, issuer, audience, expiresInS: expiresIn }));
  });
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** An option's duration, in seconds. */
export function seconds(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new InvalidArgumentError('Write it as 90s, 15m, 1h or 7d.');
  return duration;
}
