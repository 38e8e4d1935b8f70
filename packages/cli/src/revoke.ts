import { Command } from 'commander';
import { once } from 'node:events';
import jwt from 'jsonwebtoken';
import { DEFAULT_PREFIX, parseRedisUrl } from '@tidings/events';
import { connectRedis } from '@tidings/queue';
import { revokeToken } from '@tidings/auth';
import { EXIT, Failure, reasonOf, usageError } from './failure.js';
import { printResult, type Io } from './io.js';
import { parseSeconds } from './option-values.js';
import { withSecretFiles } from './secret-files.js';
import { withJsonOption } from './server.js';

interface RevokeOptions {
  expiresIn: number;
  json?: boolean;
}

/**
 * `tidings revoke`: revokes a token, or the token with a `jti`. Within two seconds every API process with this REDIS_URL and
 * REDIS_PREFIX refuses it.
 */
export function revokeCommand(io: Io): Command {
  const command = withJsonOption(new Command('revoke'))
    .description('Revoke a token before it expires: every API process refuses it and ends its streams')
    .argument('<token>', 'the token, or its jti')
    .option(
      '--expires-in <duration>',
      'for a jti: the time until its token expires, at the latest: 1h, 7d (default: 1d)',
      parseSeconds,
      86_400,
    );

  return command.action(async (text: string, { expiresIn, json }: RevokeOptions) => {
    const env = withSecretFiles(io.env);
    const url = env['REDIS_URL']?.trim();
    if (!url) throw usageError('REDIS_URL is not set. "npm start" prints the URL of its Redis.');
    const claims = text.split('.').length === 3 ? jwt.decode(text, { json: true }) : { jti: text };
    if (!claims?.jti) {
      throw usageError('the token has no jti, so it cannot be distinguished from others. Rotate the key that signs it.');
    }
    const endsAt = claims.exp ?? Math.floor(Date.now() / 1000) + expiresIn;
    try {
      parseRedisUrl(url);
    } catch (error) {
      throw usageError(`REDIS_URL is wrong: ${reasonOf(error)}.`);
    }
    const redis = connectRedis(url, 'command', () => undefined);
    try {
      await once(redis, 'ready');
      await revokeToken(redis, env['REDIS_PREFIX'] || DEFAULT_PREFIX, { tokenId: claims.jti, endsAt });
    } catch (cause) {
      throw new Failure(EXIT.unreachable, `the revocation could not be written to Redis: ${reasonOf(cause)}.`, {}, { cause });
    } finally {
      redis.disconnect();
    }
    const until = new Date(endsAt * 1000);
    printResult(io, json, { jti: claims.jti, until }, () => `Revoked ${String(claims.jti)} until ${until.toISOString()}.`);
  });
}
