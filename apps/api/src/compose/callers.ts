import { isTokenRevoked, type Caller, type TokenConfig } from '@tidings/auth';
import { readRevocations, waitForDatabase, writeRevocations, type Database, type NewRevocation } from '@tidings/database';
import { waitUntilConnected, type RedisClient } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import { createPeriodicTask, type PeriodicTaskOptions } from '@tidings/runtime/periodic-task';
import { createBrowserSessions, type BrowserSessions } from '../admin/browser-sessions.js';
import type { AuthenticateParts } from '../auth/authenticate.js';
import { createCarryOver } from '../auth/carry-over.js';
import { createIssuerKeys } from '../auth/issuer-keys.js';
import { createRefusalLog } from '../auth/refusal-log.js';
import { createRevocations, decodeRevocation, revocationsChannel } from '../auth/revocations.js';
import { createRevoke, type Revoke } from '../auth/revoke.js';
import { createOwnerSettings, type OwnerSettings } from '../owners/settings.js';
import { STREAM } from '../stream/routes.js';
import type { LiveStream } from '../stream/stream.js';
import { createTickets, type Tickets } from '../stream/tickets.js';

interface CallersParts {
  token: TokenConfig;
  database: Database;
  /** A connection for the purpose `command`. */
  redis: RedisClient;
  /** A connection for the purpose `subscriber`. */
  subscriber: RedisClient;
  prefix: string;
  stream: Pick<LiveStream, 'endRefused'>;
  /** How often the refused callers are read, in milliseconds. */
  intervalMs: number;
  /** The most revocations that can be made. Default 1,000,000. */
  maxRevocations?: number | undefined;
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
  /** Revokes tokens. */
  revoke: Revoke;
  /** Whether the token of a browser session is revoked, or its owner is disabled. */
  isRefused: (session: Session) => boolean;
  /** Reads revoked tokens and disabled owners, and ends their streams. */
  endRefused: () => Promise<void>;
  /**
   * Reads the lists of revoked tokens and disabled owners, and resolves. Periodic tasks then read the lists and the keys of
   * tokens again.
   */
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

type Session = Pick<Caller, 'owner' | 'tokenId' | 'issuedAt'>;

/** How often ended revocations are removed, and those of earlier versions are taken over, in milliseconds. */
const KEEP_MS = 60_000;

/** Creates the checks of callers, and the periodic tasks that keep them current. Nothing is read before `start`. */
export function createCallers(parts: CallersParts): Callers {
  const { token, database, redis, subscriber, prefix, stream, intervalMs, observe, log } = parts;
  const { pool } = database;
  const write = (lost: readonly NewRevocation[]) => writeRevocations(pool, lost, null);
  const revocations = createRevocations({ read: (page) => readRevocations(pool, page), write, max: parts.maxRevocations });
  const settings = createOwnerSettings(pool);
  const tickets = createTickets({ redis, prefix });
  const { isRevoked, notBefore } = revocations;
  const { isDisabled } = settings;
  const refused = { isRevoked: (session: Session) => isTokenRevoked(session, revocations), isDisabled };

  const endRefused = async (): Promise<void> => {
    try {
      await revocations.refresh();
      await settings.refresh();
    } finally {
      // Streams of tokens that are known to be revoked end although PostgreSQL is unavailable.
      stream.endRefused(refused);
    }
  };
  // An announcement ends streams at once; a process that does not hear it reads the revocation in its next round.
  const channel = revocationsChannel(prefix);
  subscriber.on('message', (from: string, message: string) => {
    const revocation = from === channel ? decodeRevocation(message) : null;
    if (revocation === null) return;
    revocations.add(revocation);
    stream.endRefused(refused);
  });
  subscriber.subscribe(channel).catch(() => undefined);

  const carryOver = createCarryOver({ redis, prefix, isRevoked, write });
  let isCarriedOver = false;
  let isWarned = false;
  /** Takes over the revocations that an earlier version kept in Redis, and forgets ended ones. */
  const keepRevocations = async (): Promise<void> => {
    revocations.forgetEnded();
    try {
      await waitUntilConnected(redis);
      await carryOver();
      isCarriedOver = true;
    } catch (cause) {
      // Redis has nothing that PostgreSQL lacks once it was carried over, unless a program of an earlier version still runs.
      if (isCarriedOver || isWarned) return;
      isWarned = true;
      // Not as an error of Redis, whose lines are held back during an outage: this one says what follows from it.
      log.warn('Tokens that an earlier version revoked cannot be read from Redis yet. They are accepted until Redis is back.', {
        reason: String(cause),
      });
    }
  };
  const watchKept = createPeriodicTask({ name: 'revocations', intervalMs: KEEP_MS, run: keepRevocations, observe, log });
  const watchRefused = createPeriodicTask({ name: 'refused callers', intervalMs, run: endRefused, observe, log });

  let isStopped = false;
  const { source, ...rules } = token;
  const keys = createIssuerKeys({ source, algorithms: rules.algorithms }, log);
  const watchKeys = createPeriodicTask({ name: 'keys', intervalMs: keys.refreshMs, run: keys.refresh, observe, log });

  return {
    authentication: {
      token: { ...rules, findKeys: keys.find, isRevoked, notBefore },
      onRefused: createRefusalLog(log),
      isDisabled,
      tickets: { path: STREAM, redeem: tickets.redeem },
    },
    settings,
    tickets,
    browserSessions: createBrowserSessions({ redis, prefix }),
    revoke: createRevoke({
      token: { ...rules, findKeys: keys.find },
      write: (revocation, actor) => writeRevocations(pool, [revocation], actor),
      revocations,
      announce: (message) => redis.publish(channel, message),
      onRevoked: () => {
        stream.endRefused(refused);
      },
    }),
    isRefused: (session) => isDisabled(session.owner) || refused.isRevoked(session),
    endRefused,
    async start() {
      // The first caller must not find the lists unread.
      const patience = { log, isStopping: () => isStopped };
      await waitForDatabase(revocations.refresh, patience);
      await waitForDatabase(keepRevocations, patience);
      await waitForDatabase(revocations.refresh, patience);
      await waitForDatabase(settings.refresh, patience);
      if (isStopped) return;
      watchRefused.start();
      watchKept.start();
      watchKeys.start();
    },
    async stop() {
      isStopped = true;
      await Promise.all([watchRefused.stop(), watchKept.stop(), watchKeys.stop()]);
    },
  };
}
