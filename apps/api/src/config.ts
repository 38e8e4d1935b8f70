import {
  flag,
  group,
  parsed,
  readConfig,
  settingNotices,
  sharedConfig,
  sharedSettings,
  wholeNumber,
  withoutIdleTracing,
} from '@tidings/config';
import { tokenConfig, tokenMistakes, tokenNotices, tokenSettings } from '@tidings/auth';
import { parseBasePath } from './http/base-path.js';
import { parseOrigins } from './http/cross-origin.js';
import { parseTrustedProxies } from './http/proxies.js';
import { parseContacts, parseHttpsUrl } from './security-txt/security-txt.js';

/** The settings of the API by the names of their variables. */
export const apiSettings = {
  ...sharedSettings,
  ...group('HTTP server', {
    PORT: wholeNumber({ initial: 3000, min: 0, max: 65_535 }).describe('The port that the API listens on. 0: any free port.'),
    BASE_PATH: parsed('path such as `/tidings`', parseBasePath)
      .default('')
      .describe(
        'The path below which a proxy serves the API and the dashboard: `/tidings` for `https://example.com/tidings`. Links and redirections begin with it. Requests are served with it and without it, so that the proxy may strip it or not. Unset: none.',
      ),
    TRUST_PROXY: parsed('number of proxies up to 10, or networks, comma-separated', parseTrustedProxies)
      .default(false)
      .describe(
        'The proxies whose `X-Forwarded-For` is believed: the number of proxies in a row in front of the API, or their networks. Unset: the header is ignored. `true` is refused, because any client could then claim any address.',
      ),
    CORS_ORIGINS: parsed('origins such as `https://app.example.com`, comma-separated', parseOrigins)
      .default([])
      .describe('Origins whose pages may call the API. `*` and `null` are refused.'),
    SHUTDOWN_DELAY_MS: wholeNumber({ initial: 0, min: 0, max: 300_000 }).describe(
      'How long a stopping API continues as before, with `/readyz` at 503, in milliseconds: for load balancers that stop sending requests only when a probe fails.',
    ),
    SHUTDOWN_IDLE_MS: wholeNumber({ initial: 2000, min: 0, max: 60_000 }).describe(
      'How long a stopping API, which accepts no more connections, keeps idle ones open for a request that is under way, in milliseconds. The proxy must close its own idle connections earlier.',
    ),
    SECURITY_CONTACT: parsed('URIs of `mailto:`, `https:` or `tel:`, comma-separated', parseContacts)
      .default([])
      .describe(
        'Who receives reports of vulnerabilities of this installation: `mailto:security@example.com`. `/.well-known/security.txt` then names it. Unset: there is no such file.',
      ),
    SECURITY_POLICY: parsed('URL', parseHttpsUrl)
      .optional()
      .describe('The URL of your policy for such reports, for `security.txt`.'),
    SECURITY_CANONICAL: parsed('URL', parseHttpsUrl)
      .optional()
      .describe(
        'The URL under which `security.txt` is published: `https://hooks.example.com/.well-known/security.txt`. It becomes its `Canonical`.',
      ),
    DASHBOARD: flag(true).describe('Whether the dashboard is served at `/`.'),
  }),
  ...tokenSettings,
  ...group('Egress', {
    REQUIRE_HTTPS: flag(false).describe('Whether the registration of webhooks with an `http:` URL is refused.'),
  }),
  ...group('Limits', {
    WEBHOOKS_PER_OWNER: wholeNumber({ initial: 5, min: 1, max: 10_000 }).describe(
      'Webhooks of one owner. A registration beyond it is answered with 409. An operator may set another limit for one owner.',
    ),
    RATE_LIMIT_PER_OWNER: perMinute(1200).describe(
      'Requests per minute of one owner, without publishing. 0: no limit. A request beyond it is answered with 429. An operator may set another limit for one owner.',
    ),
    RATE_LIMIT_PER_IP: perMinute(6000).describe(
      'Requests per minute from one address, or from one /64 of IPv6, including those that fail to authenticate and without publishing. 0: no limit. A request beyond it is answered with 429.',
    ),
    RATE_LIMIT_AUTH_FAILURES: perMinute(60).describe(
      'Requests per minute from one address that fail to authenticate. 0: no limit. A failure beyond it is answered with 429 instead of 401; requests with valid tokens still pass.',
    ),
    RATE_LIMIT_COSTLY: perMinute(30).describe(
      'Registrations and changes of webhooks, tests, verifications, retries, replays and rotations of a secret per minute by one owner. 0: no limit. A request beyond it is answered with 429.',
    ),
    RATE_LIMIT_PER_HOST: perMinute(60).describe(
      'Requests per minute that owners aim at one host, by all owners together: tests, retries, replays, verifications, changes of a URL, and enabling a webhook. 0: no limit. A request beyond it is answered with 429. Published events are not counted.',
    ),
    RATE_LIMIT_PUBLISH: perMinute(0).describe(
      'Requests to `POST /api/events` per minute by one caller with the scope `events:publish`. 0: no limit. They count for no other limit. A request beyond it is answered with 429.',
    ),
    MAX_CONNECTIONS: wholeNumber({ initial: 11_000, min: 1, max: 1_000_000 }).describe(
      'Connections to each API process, including streams and idle ones. A connection beyond it is closed immediately. The process needs that many open files (`ulimit -n`) and some hundreds more.',
    ),
    CONNECTIONS_PER_ADDRESS: wholeNumber({ initial: 1000, min: 0, max: 1_000_000 }).describe(
      'Connections from one address, or from one /64 of IPv6, to each API process, including streams and idle ones. 0: no limit. A connection beyond it is closed immediately. Those of proxies that `TRUST_PROXY` names count for no address; behind them, it bounds the streams of one client address, and a stream beyond it is answered with 429.',
    ),
  }),
  ...group('Delivery', {
    MAX_IN_FLIGHT: wholeNumber({ initial: 50, min: 1, max: 1000 }).describe(
      'The highest `max_in_flight` that an owner may set for a webhook. A request with a higher value is answered with 400.',
    ),
    REPLAYS_PER_SECOND: wholeNumber({ initial: 10, min: 1, max: 1000 }).describe(
      'Replayed deliveries of one webhook that become due per second, and retries when its URL is changed. Further ones become due later.',
    ),
    REPLAYS_PER_SECOND_AND_HOST: wholeNumber({ initial: 50, min: 1, max: 100_000 }).describe(
      'Replayed deliveries to one host that become due per second, of the webhooks of all owners. The n-th webhook that is replayed at the same time gets an n-th of it, if that is less than `REPLAYS_PER_SECOND`. A value below `REPLAYS_PER_SECOND` counts as that.',
    ),
  }),
  ...group('Streams', {
    STREAM_HEARTBEAT_MS: wholeNumber({ initial: 15_000, min: 50, max: 60_000 }).describe(
      'The time between two heartbeats of a stream, in milliseconds. Idle timeouts of proxies must be longer.',
    ),
    STREAM_BUFFER_BYTES: wholeNumber({ initial: 256 * 1024, min: 16 * 1024, max: 64 * 1024 * 1024 }).describe(
      'Bytes that may wait for a slow client of a stream. Beyond it the stream ends with `too_slow`, and the client may resume.',
    ),
    STREAMS_PER_OWNER: wholeNumber({ initial: 10, min: 1, max: 1_000_000 }).describe(
      'Open streams of one owner in each API process. A stream beyond it is answered with 429.',
    ),
    MAX_STREAMS: wholeNumber({ initial: 10_000, min: 1, max: 1_000_000 }).describe(
      'Open streams of each API process. A stream beyond it is answered with 503. Keep it below `MAX_CONNECTIONS`.',
    ),
  }),
};

/** Reads the configuration of the API from environment variables. Throws a `ConfigError` that lists every mistake. */
export function readApiConfig(env: NodeJS.ProcessEnv) {
  const { env: effective, warnings } = withoutIdleTracing(env);
  const settings = readConfig(apiSettings, effective, tokenMistakes);
  const shared = sharedConfig(settings);
  return {
    port: settings.PORT,
    shutdown: { delayMs: settings.SHUTDOWN_DELAY_MS, idleMs: settings.SHUTDOWN_IDLE_MS },
    basePath: settings.BASE_PATH,
    ...shared,
    urlRules: { requireHttps: settings.REQUIRE_HTTPS, addresses: shared.addresses },
    token: tokenConfig(settings),
    /** What an operator should know about the settings: sentences for the log. */
    notices: [...warnings, ...settingNotices(Object.keys(apiSettings), env), ...tokenNotices(settings)],
    webhooksPerOwner: settings.WEBHOOKS_PER_OWNER,
    maxInFlight: settings.MAX_IN_FLIGHT,
    replaysPerSecond: settings.REPLAYS_PER_SECOND,
    replaysPerSecondAndHost: settings.REPLAYS_PER_SECOND_AND_HOST,
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
      perHost: settings.RATE_LIMIT_PER_HOST,
    },
    maxConnections: settings.MAX_CONNECTIONS,
    connectionsPerAddress: settings.CONNECTIONS_PER_ADDRESS,
    trustedProxies: settings.TRUST_PROXY,
    corsOrigins: settings.CORS_ORIGINS,
    dashboard: settings.DASHBOARD,
    securityContact: {
      contacts: settings.SECURITY_CONTACT,
      policy: settings.SECURITY_POLICY,
      canonical: settings.SECURITY_CANONICAL,
    },
  };
}

/** The checked configuration of the API. */
export type ApiConfig = ReturnType<typeof readApiConfig>;

/** A number of requests per minute; 0: no limit. */
function perMinute(initial: number) {
  return wholeNumber({ initial, min: 0, max: 10_000_000 });
}
