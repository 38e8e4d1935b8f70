import { Command } from 'commander';
import { once } from 'node:events';
import jwt from 'jsonwebtoken';
import { DEFAULT_PREFIX } from '@tidings/events';
import { connectRedis } from '@tidings/queue';
import { revokeToken } from '@tidings/auth';
import { EXIT, Failure, reasonOf, wrongUsage } from './failure.js';
import { show, type Io } from './io.js';
import { seconds } from './moment.js';
import { withJson } from './server.js';

interface RevokeOptions {
  expiresIn: number;
  json?: boolean;
}

/**
 * `tidings revoke`: a token, or its `jti` alone, is refused from now on, within two seconds, by every API process at
 * REDIS_URL and REDIS_PREFIX.
 */
export function revokeCommand(io: Io): Command {
  const { env } = io;
  const command = withJson(new Command('revoke'))
    .description('Revoke a token before it ends: every API process refuses it, and ends its streams')
    .argument('<token>', 'the token, or its jti')
    .option('--expires-in <duration>', 'when the token of this jti ends by itself, at the latest: 1h, 7d', seconds, 86_400);

  return command.action(async (text: string, { expiresIn, json }: RevokeOptions) => {
    const url = env['REDIS_URL'];
    if (!url) throw wrongUsage('REDIS_URL is not set. "npm start" shows that of its own Redis.');
    const claims = text.split('.').length === 3 ? jwt.decode(text, { json: true }) : { jti: text };
    if (!claims?.jti) {
      throw wrongUsage('the token has no jti, so it cannot be told from others. Rotate the key that signs it.');
    }
    const endsAt = claims.exp ?? Math.floor(Date.now() / 1000) + expiresIn;
    const redis = connectRedis(url, 'command', () => undefined);
    try {
      await once(redis, 'ready');
      await revokeToken(redis, env['REDIS_PREFIX'] || DEFAULT_PREFIX, { tokenId: claims.jti, endsAt });
    } catch (cause) {
      throw new Failure(EXIT.unreachable, `Redis did not take it: ${reasonOf(cause)}.`, {}, { cause });
    } finally {
      redis.disconnect();
    }
    const until = new Date(endsAt * 1000);
    show(io, json, { jti: claims.jti, until }, () => `Revoked ${String(claims.jti)} until ${until.toISOString()}.`);
  });
}
