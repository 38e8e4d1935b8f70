import { z } from 'zod';
import { flag, readConfig, sharedConfig, sharedSettings, wholeNumber } from '@tidings/config';
import { tokenConfig, tokenMistakes, tokenSettings } from './auth/token-config.js';

/** The API's settings, from the environment. Throws a `ConfigError` that lists every mistake. */
export function readApiConfig(env: NodeJS.ProcessEnv) {
  const settings = readConfig(
    {
      ...sharedSettings,
      HOST: z.string().default('0.0.0.0'),
      PORT: wholeNumber({ initial: 3000, min: 0, max: 65_535 }),
      ...tokenSettings,
      WEBHOOKS_PER_USER: wholeNumber({ initial: 5, min: 1, max: 10_000 }),
      REQUIRE_HTTPS: flag(false),
      MAX_IN_FLIGHT: wholeNumber({ initial: 50, min: 1, max: 1000 }),
      REPLAYS_PER_SECOND: wholeNumber({ initial: 10, min: 1, max: 1000 }),
      STREAM_HEARTBEAT_MS: wholeNumber({ initial: 15_000, min: 50, max: 60_000 }),
    },
    env,
    tokenMistakes(env),
  );
  const shared = sharedConfig(settings);
  return {
    host: settings.HOST,
    port: settings.PORT,
    ...shared,
    urlRules: { requireHttps: settings.REQUIRE_HTTPS, addresses: shared.addresses },
    token: tokenConfig(settings),
    webhooksPerUser: settings.WEBHOOKS_PER_USER,
    maxInFlight: settings.MAX_IN_FLIGHT,
    replaysPerSecond: settings.REPLAYS_PER_SECOND,
    heartbeatMs: settings.STREAM_HEARTBEAT_MS,
  };
}
