import { Command } from 'commander';
import { once } from 'node:events';
import jwt from 'jsonwebtoken';
import { DEFAULT_PREFIX } from '@tidings/events';
import { connectRedis } from '@tidings/queue';
import { revokeToken } from '@tidings/revocation';
import { seconds } from './token.js';

interface RevokeOptions {
  expiresIn: number;
}

/**
 * `tidings revoke`: a token, or its `jti` alone, is refused from now on, within two seconds, by every API process at
 * REDIS_URL and REDIS_PREFIX.
 */
export function revokeCommand({ env }: { env: NodeJS.ProcessEnv }): Command {
  const command: Command = new Command('revoke')
    .description('Revoke a token before it ends: every API process refuses it, and ends its streams')
    .argument('<token>', 'the token, or its jti')
    .option('--expires-in <duration>', 'when the token of this jti ends by itself, at the latest: 1h, 7d', seconds, 86_400);

  return command.action(async (text: string, { expiresIn }: RevokeOptions) => {
    const url = env['REDIS_URL'];
    if (!url) command.error('error: REDIS_URL is not set. "npm start" shows that of its own Redis.');
    const claims = text.split('.').length === 3 ? jwt.decode(text, { json: true }) : { jti: text };
    if (!claims?.jti)
      command.error('error: the token has no jti, so it cannot be told from others. Rotate the key that signs it.');
    const endsAt = claims.exp ?? Math.floor(Date.now() / 1000) + expiresIn;
    const redis = connectRedis(url, 'command', () => undefined);
    try {
      await once(redis, 'ready');
      await revokeToken(redis, env['REDIS_PREFIX'] || DEFAULT_PREFIX, { tokenId: claims.jti, endsAt });
      console.log(`Revoked ${claims.jti} until ${new Date(endsAt * 1000).toISOString()}.`);
    } catch (error) {
      command.error(`error: Redis did not take it: ${(error as Error).message}`);
    } finally {
      redis.disconnect();
    }
  });
}
