import { startTidings, type Tidings } from '@tidings/local';
import { createTestDatabase, createTestRedis } from '@tidings/testing';
import { openTerminal, type Terminal } from './cli.js';

/** The Tidings that all tests of the commands share. */
export interface System {
  tidings: Tidings;
  databaseUrl: string;
  redis: { url: string; prefix: string };
  keys: { JWT_SECRET: string; SECRETS_KEYS: string };
  /** Opens a terminal with a token of this user that may publish. */
  as: (user: string) => Terminal;
  stop: () => Promise<void>;
}

/**
 * Starts a Tidings with its own database and Redis prefix.
 *
 * @param keys keys of its processes
 */
export async function startSystem(keys: System['keys']): Promise<System> {
  const database = await createTestDatabase();
  const { url, prefix, drop } = createTestRedis();
  const tidings = await startTidings({
    databaseUrl: database.url,
    redisUrl: url,
    prefix,
    keys,
    env: { DELIVERY_INITIAL_DELAY_MS: '50', RECONCILE_INTERVAL_MS: '100', DELIVERY_ATTEMPTS: '1', REPLAYS_PER_SECOND: '100' },
  });
  return {
    tidings,
    databaseUrl: database.url,
    redis: { url, prefix },
    keys,
    as: (user) => openTerminal({ TIDINGS_URL: tidings.url, TIDINGS_TOKEN: tidings.token(user, 'events:publish') }),
    async stop() {
      await tidings.stop();
      await drop();
      await database.drop();
    },
  };
}
