import { z } from 'zod';
import { flag, parsed, readConfig, sharedConfig, sharedSettings, wholeNumber } from '@tidings/config';
import { tokenConfig, tokenMistakes, tokenSettings } from '@tidings/auth';
import { parseOrigins } from './http/cross-origin.js';
import { parseTrustedProxies } from './http/proxies.js';

/** Reads the configuration of the API from environment variables. Throws a `ConfigError` that lists every mistake. */
export function readApiConfig(env: NodeJS.ProcessEnv) {
  const settings = readConfig(
    {
      ...sharedSettings,
      HOST: z.string().default('0.0.0.0'),
      PORT: wholeNumber({ initial: 3000, min: 0, max: 65_535 }),
      ...tokenSettings,
      WEBHOOKS_PER_OWNER: wholeNumber({ initial: 5, min: 1, max: 10_000 }),
      REQUIRE_HTTPS: flag(false),
      MAX_IN_FLIGHT: wholeNumber({ initial: 50, min: 1, max: 1000 }),
      REPLAYS_PER_SECOND: wholeNumber({ initial: 10, min: 1, max: 1000 }),
      STREAM_HEARTBEAT_MS: wholeNumber({ initial: 15_000, min: 50, max: 60_000 }),
      STREAM_BUFFER_BYTES: wholeNumber({ initial: 256 * 1024, min: 16 * 1024, max: 64 * 1024 * 1024 }),
      STREAMS_PER_OWNER: wholeNumber({ initial: 10, min: 1, max: 1_000_000 }),
      MAX_STREAMS: wholeNumber({ initial: 10_000, min: 1, max: 1_000_000 }),
      RATE_LIMIT_PER_OWNER: perMinute(1200),
      RATE_LIMIT_PER_IP: perMinute(6000),
      RATE_LIMIT_AUTH_FAILURES: perMinute(60),
      RATE_LIMIT_PUBLISH: perMinute(0),
      RATE_LIMIT_COSTLY: perMinute(30),
      MAX_CONNECTIONS: wholeNumber({ initial: 11_000, min: 1, max: 1_000_000 }),
      TRUST_PROXY: parsed(parseTrustedProxies).default(false),
      CORS_ORIGINS: parsed(parseOrigins).default([]),
      DASHBOARD: flag(true),
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
    webhooksPerOwner: settings.WEBHOOKS_PER_OWNER,
    maxInFlight: settings.MAX_IN_FLIGHT,
    replaysPerSecond: settings.REPLAYS_PER_SECOND,
    stream: {
      heartbeatMs: settings.STREAM_HEARTBEAT_MS,
      bufferBytes: settings.STREAM_BUFFER_BYTES,
      perOwner: settings.STREAMS_PER_OWNER,
      max: settings.MAX_STREAMS,
    },
    requestLimits: {
      perOwner: settings.RATE_LIMIT_PER_OWNER,
      perIp: settings.RATE_LIMIT_PER_IP,
      authFailures: settings.RATE_LIMIT_AUTH_FAILURES,
      publish: settings.RATE_LIMIT_PUBLISH,
      costly: settings.RATE_LIMIT_COSTLY,
    },
    maxConnections: settings.MAX_CONNECTIONS,
    trustedProxies: settings.TRUST_PROXY,
    corsOrigins: settings.CORS_ORIGINS,
    dashboard: settings.DASHBOARD,
  };
}

/** A number of requests per minute; 0: no limit. */
function perMinute(initial: number) {
  return wholeNumber({ initial, min: 0, max: 10_000_000 });
}
