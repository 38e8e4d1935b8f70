import {
  claimDeliveries,
  createGroupCommit,
  endSuperseded,
  recordAttempts,
  type AttemptRecord,
  type Claim,
  type ClaimedDelivery,
  type HealthChanges,
  type HealthRules,
  type Queryable,
  type SlowedWebhook,
} from '@tidings/database';
import { WAKE_AFTER_MS } from '@tidings/queue';
import { startStopwatch } from './stopwatch.js';

/** A delivery that the holder of the lease may attempt now, if the lease lasts for it. */
export interface LeasedDelivery extends ClaimedDelivery {
  /** Reads how long the lease has been held, at least, in milliseconds by the clocks of this process: since before the claim was sent. */
  heldMs: () => number;
}

/** A pending delivery that may be claimed only later. */
type DeferredDelivery = Extract<Claim, { state: 'deferred' }>;

/** The statements of a lease. A test replaces them. */
export interface LeaseStatements {
  claimDeliveries: typeof claimDeliveries;
  endSuperseded: typeof endSuperseded;
  recordAttempts: typeof recordAttempts;
}

interface LeaseOptions {
  sql: Queryable;
  /** How long a lease lasts, in milliseconds of the database's clock. It must be longer than an attempt and its commit. */
  leaseMs: number;
  /** How long a failed commit is retried, in milliseconds. Then the lease expires, and the delivery is attempted again. */
  recordDeadlineMs: number;
  health: HealthRules;
  /** Called for deliveries that end without an attempt, for the metrics. */
  onEnded?: (status: 'cancelled' | 'skipped', count: number) => void;
  /** Called for circuits that open or close, and for webhooks that are disabled, for the metrics. */
  onHealth?: (changes: HealthChanges) => void;
  /** Called for webhooks whose flow was slowed down, for the log and the metrics. */
  onSlowed?: (webhooks: readonly SlowedWebhook[]) => void;
  /** Default: those of `@tidings/database`. */
  statements?: LeaseStatements;
  /** Waits. Default: a timer. */
  wait?: (ms: number) => Promise<unknown>;
  /** A monotonic clock, in milliseconds. Default: that of the process. */
  now?: () => number;
}

/** The result of recording an attempt. */
export interface Settled {
  /** Whether the lease was still held. If not, nothing was recorded. */
  held: boolean;
  /** Whether a parked delivery waits for the slot that became free. */
  backlogged: boolean;
  /**
   * The time until the delivery is due again, in milliseconds, when a retry was requested during the attempt: then it is
   * attempted again whatever the response was. Null: the outcome of the attempt counts.
   */
  againInMs: number | null;
  /**
   * The time until the webhook's hold ends, in milliseconds, when its receiver asked to slow down and the attempt is not counted:
   * the delivery is parked until then. Null: it is not, or the webhook is not held.
   */
  heldForMs: number | null;
}

/** A delivery of a webhook that was disabled or deleted after the delivery began: it has been ended without an attempt. */
export interface EndedDelivery {
  state: 'ended';
  webhookId: string;
}

/** A webhook whose row another transaction has locked for long. */
export interface LockedWebhook {
  state: 'locked';
  webhookId: string;
}

/** The lease of a delivery: taken by a claim, ended by the record of the attempt. Rejects with the database's error. */
export interface Lease {
  /**
   * Claims a delivery; undefined when it has ended, is parked, or another job holds its lease. It is deferred when its row, or
   * that of its webhook, stays locked.
   */
  claim: (id: string) => Promise<LeasedDelivery | DeferredDelivery | EndedDelivery | undefined>;
  /** Claims the first parked delivery of the webhook; undefined when there is none, or no free slot. */
  claimNext: (webhookId: string) => Promise<LeasedDelivery | DeferredDelivery | EndedDelivery | LockedWebhook | undefined>;
  /** Records an attempt. Retries while the database is away or the rows are locked, up to `recordDeadlineMs`. */
  record: (record: AttemptRecord) => Promise<Settled>;
}

type LeaseClaim = Exclude<Claim, ClaimedDelivery> | LeasedDelivery;

/** A claim of a delivery by its id, or of the next parked delivery of a webhook. */
type ClaimRequest = { id: string } | { nextOf: string };

const MAX_CLAIMS = 200;
const MAX_RECORDS = 500;
const RETRY_MS = 250;
/** The first wait for a locked row, in milliseconds: most are locked by another statement of Tidings. Each wait is twice as long … */
const LOCKED_WAIT_MS = 2;
/** … but no longer than this. */
const LOCKED_WAIT_AT_MOST_MS = 100;
/** How long a claim waits for a locked row, in milliseconds. Then its job is postponed, so that others get the worker. */
const LOCKED_CLAIM_MS = 1000;
/** How long that job is postponed, in milliseconds. */
const POSTPONE_LOCKED_MS = 1000;
/** How long a claim of the next parked delivery waits for its webhook's row, in milliseconds: then the job ends. */
const LOCKED_NEXT_MS = 100;

/**
 * Creates the two commits of a delivery, claim and record. Jobs share them: one statement serves all that wait at the time. No
 * statement waits for a locked row: a claim or a record of a row that another transaction has locked waits by itself, and joins
 * a later statement.
 */
export function createLease(options: LeaseOptions): Lease {
  const { sql, leaseMs, recordDeadlineMs, health, onEnded, onHealth, onSlowed } = options;
  const {
    statements = { claimDeliveries, endSuperseded, recordAttempts },
    wait = pause,
    now = () => performance.now(),
  } = options;

  const claims = createGroupCommit<ClaimRequest, LeaseClaim | undefined>({
    maxWeight: MAX_CLAIMS,
    // One at a time: two claims for the same webhooks find each other's rows locked, and delay records (measured).
    run: async (requests) => {
      const ids = requests.flatMap((request) => ('id' in request ? request.id : []));
      const counts = new Map<string, number>();
      for (const request of requests) {
        if ('nextOf' in request) counts.set(request.nextOf, (counts.get(request.nextOf) ?? 0) + 1);
      }
      const next = [...counts].map(([webhookId, count]) => ({ webhookId, count }));
      const heldMs = startStopwatch();
      const made = await statements.claimDeliveries(sql, ids, { leaseMs, wakeAfterMs: WAKE_AFTER_MS, next });
      // Not copied: a spread for every delivery would take more than one per cent of the worker's time (measured).
      const leased = made.map((claim) => (claim.state === 'claimed' ? Object.assign(claim, { heldMs }) : claim));
      return assignClaims(leased, requests);
    },
  });

  const ends = createGroupCommit<string, undefined>({
    maxWeight: MAX_CLAIMS,
    run: async (ids) => {
      const { cancelled, skipped } = await statements.endSuperseded(sql, ids);
      if (cancelled > 0) onEnded?.('cancelled', cancelled);
      if (skipped > 0) onEnded?.('skipped', skipped);
      return ids.map(() => undefined);
    },
  });

  const records = createGroupCommit<AttemptRecord, Settled | 'locked'>({
    maxWeight: MAX_RECORDS,
    maxRunning: 2,
    run: async (batch) => {
      const { held, locked, changes, slowed } = await statements.recordAttempts(sql, batch, {
        wakeAfterMs: WAKE_AFTER_MS,
        health,
      });
      if (changes !== null) onHealth?.(changes);
      if (slowed.length > 0) onSlowed?.(slowed);
      return batch.map(({ leaseToken }) => {
        if (locked.has(leaseToken)) return 'locked';
        const { backlogged = false, againInMs = null, heldForMs = null } = held.get(leaseToken) ?? {};
        return { held: held.has(leaseToken), backlogged, againInMs, heldForMs };
      });
    },
  });

  /** Claims until the rows are not locked; after `atMostMs` the result is still `locked`. Ends a superseded delivery. */
  const claimUnlocked = async (request: ClaimRequest, atMostMs: number) => {
    const deadline = now() + atMostMs;
    for (let waitMs = LOCKED_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LOCKED_WAIT_AT_MOST_MS)) {
      const claim = await claims(request);
      if (claim?.state === 'superseded') {
        await ends(claim.id);
        return { state: 'ended' as const, webhookId: claim.webhookId };
      }
      if (claim?.state !== 'locked') return claim;
      if (now() >= deadline) return { state: 'locked' as const, webhookId: claim.webhookId };
      await wait(waitMs);
    }
  };

  return {
    async claim(id) {
      const claim = await claimUnlocked({ id }, LOCKED_CLAIM_MS);
      return claim?.state === 'locked' ? { ...claim, state: 'deferred', id, dueInMs: POSTPONE_LOCKED_MS } : claim;
    },
    claimNext: (webhookId) => claimUnlocked({ nextOf: webhookId }, LOCKED_NEXT_MS),
    async record(record) {
      // The request was sent. Without the commit it would be sent again.
      const deadline = now() + recordDeadlineMs;
      let lockedMs = LOCKED_WAIT_MS;
      for (;;) {
        try {
          const settled = await records(record);
          if (settled !== 'locked') return settled;
          if (now() > deadline) throw new LockedError();
          await wait(lockedMs);
          lockedMs = Math.min(2 * lockedMs, LOCKED_WAIT_AT_MOST_MS);
        } catch (error) {
          if (error instanceof LockedError || now() > deadline) throw error;
          await wait(RETRY_MS);
        }
      }
    },
  };
}

class LockedError extends Error {
  constructor() {
    super('Another transaction has locked the delivery or its webhook.');
    this.name = 'LockedError';
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Assigns each claim to one request. When two jobs of a delivery claim it at once, the first one gets the lease. The others of
 * these claims are the next deliveries of webhooks.
 */
function assignClaims(claims: readonly LeaseClaim[], requests: readonly ClaimRequest[]): (LeaseClaim | undefined)[] {
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const take = (id: string): LeaseClaim | undefined => {
    const claim = byId.get(id);
    byId.delete(id);
    return claim;
  };
  const claimedById = requests.map((request) => ('id' in request ? take(request.id) : undefined));
  const parkedByWebhook = new Map<string, LeaseClaim[]>();
  for (const claim of byId.values()) {
    const parked = parkedByWebhook.get(claim.webhookId);
    if (parked) parked.push(claim);
    else parkedByWebhook.set(claim.webhookId, [claim]);
  }
  return requests.map((request, index) =>
    'nextOf' in request ? parkedByWebhook.get(request.nextOf)?.shift() : claimedById[index],
  );
}
