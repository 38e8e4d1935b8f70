import { createRevocations, type TokenConfig } from '@tidings/auth';
import { waitForDatabase, type Database } from '@tidings/database';
import type { RedisClient } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import { createPeriodicTask, type PeriodicTaskOptions } from '@tidings/runtime/periodic-task';
import { createBrowserSessions, type BrowserSessions } from '../admin/browser-sessions.js';
import type { AuthenticateParts } from '../auth/authenticate.js';
import { createIssuerKeys } from '../auth/issuer-keys.js';
import { createRefusalLog } from '../auth/refusal-log.js';
import { createOwnerSettings, type OwnerSettings } from '../owners/settings.js';
import { STREAM } from '../stream/routes.js';
import type { LiveStream } from '../stream/stream.js';
import { createTickets, type Tickets } from '../stream/tickets.js';

interface CallersParts {
  token: TokenConfig;
  database: Database;
  /** A connection for the purpose `command`. */
  redis: RedisClient;
  prefix: string;
  stream: Pick<LiveStream, 'endRefused'>;
  /** How often the refused callers are read, in milliseconds. */
  intervalMs: number;
  observe: PeriodicTaskOptions['observe'];
  log: Logger;
}

/**
 * Decides which callers are served. A caller has a token, or a ticket or browser session that was created with a token. Callers
 * are refused when their token is revoked or their owner is disabled.
 */
export interface Callers {
  authentication: AuthenticateParts;
  settings: OwnerSettings;
  tickets: Tickets;
  browserSessions: BrowserSessions;
  /** Whether the token of a browser session is revoked, or its owner is disabled. */
  isRefused: (session: { owner: string; tokenId: string | undefined }) => boolean;
  /** Reads revoked tokens and disabled owners, and ends their streams. */
  endRefused: () => Promise<void>;
  /**
   * Reads the lists of revoked tokens and disabled owners, and resolves. Periodic tasks then read the lists and the keys of
   * tokens again.
   */
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Creates the checks of callers, and the periodic tasks that keep them current. Nothing is read before `start`. */
export function createCallers({ token, database, redis, prefix, stream, intervalMs, observe, log }: CallersParts): Callers {
  const revocations = createRevocations({ redis, prefix, log });
  const settings = createOwnerSettings(database);
  const tickets = createTickets({ redis, prefix });
  const { isRevoked } = revocations;
  const { isDisabled } = settings;

  const endRefused = async (): Promise<void> => {
    await revocations.refresh();
    try {
      await settings.refresh();
    } finally {
      // Streams of revoked tokens end although PostgreSQL is unavailable.
      stream.endRefused({ isRevoked, isDisabled });
    }
  };
  const watchRefused = createPeriodicTask({ name: 'refused callers', intervalMs, run: endRefused, observe, log });

  let isStopped = false;
  const { source, ...rules } = token;
  const keys = createIssuerKeys({ source, algorithms: rules.algorithms }, log);
  const watchKeys = createPeriodicTask({ name: 'keys', intervalMs: keys.refreshMs, run: keys.refresh, observe, log });

  return {
    authentication: {
      token: { ...rules, findKeys: keys.find, isRevoked },
      onRefused: createRefusalLog(log),
      isDisabled,
      tickets: { path: STREAM, redeem: tickets.redeem },
    },
    settings,
    tickets,
    browserSessions: createBrowserSessions({ redis, prefix }),
    isRefused: ({ owner, tokenId = '' }) => isDisabled(owner) || isRevoked(tokenId),
    endRefused,
    async start() {
      // The first caller must not find the lists unread.
      await revocations.refresh();
      await waitForDatabase(settings.refresh, { log, isStopping: () => isStopped });
      if (isStopped) return;
      watchRefused.start();
      watchKeys.start();
    },
    async stop() {
      isStopped = true;
      await Promise.all([watchRefused.stop(), watchKeys.stop()]);
    },
  };
}
