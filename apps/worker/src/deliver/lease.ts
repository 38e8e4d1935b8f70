import {
  claimDeliveries,
  createGroupCommit,
  recordAttempts,
  type AttemptRecord,
  type Claim,
  type HealthChanges,
  type HealthRules,
  type Queryable,
} from '@tidings/database';
import { WAKE_AFTER_MS } from '@tidings/queue';

interface LeaseOptions {
  sql: Queryable;
  /** How long a lease lasts, in milliseconds of the database's clock. It must be longer than an attempt and its commit. */
  leaseMs: number;
  /** How long a failed commit is retried, in milliseconds. Then the lease expires, and the delivery is attempted again. */
  recordDeadlineMs: number;
  health: HealthRules;
  /** Called for deliveries that end without an attempt, for the metrics. */
  onEnded?: (status: 'cancelled' | 'skipped') => void;
  /** Called for circuits that open or close, and for webhooks that are disabled, for the metrics. */
  onHealth?: (changes: HealthChanges) => void;
}

/** The result of recording an attempt. */
export interface Settled {
  /** Whether the lease was still held. If not, nothing was recorded. */
  held: boolean;
  /** Whether a parked delivery waits for the slot that became free. */
  backlogged: boolean;
}

/** The lease of a delivery: taken by a claim, ended by the record of the attempt. Rejects with the database's error. */
export interface Lease {
  /** Claims a delivery; undefined when it has ended, is parked, or another job holds its lease. */
  claim: (id: string) => Promise<Claim | undefined>;
  /** Claims the first parked delivery of the webhook; undefined when there is none, or no free slot. */
  claimNext: (webhookId: string) => Promise<Claim | undefined>;
  /** Records an attempt. Retries while the database is away, up to `recordDeadlineMs`. */
  record: (record: AttemptRecord) => Promise<Settled>;
}

/** A claim of a delivery by its id, or of the next parked delivery of a webhook. */
type ClaimRequest = { id: string } | { nextOf: string };

const MAX_CLAIMS = 200;
const MAX_RECORDS = 500;
const RETRY_MS = 250;

/** Creates the two commits of a delivery, claim and record. Jobs share them: one statement serves all that wait at the time. */
export function createLease({ sql, leaseMs, recordDeadlineMs, health, onEnded, onHealth }: LeaseOptions): Lease {
  const claims = createGroupCommit<ClaimRequest, Claim | undefined>({
    maxWeight: MAX_CLAIMS,
    // One at a time: two claims for the same webhooks wait for each other's commit, and delay records (measured).
    run: async (requests) => {
      const ids = requests.flatMap((request) => ('id' in request ? request.id : []));
      const counts = new Map<string, number>();
      for (const request of requests) {
        if ('nextOf' in request) counts.set(request.nextOf, (counts.get(request.nextOf) ?? 0) + 1);
      }
      const next = [...counts].map(([webhookId, count]) => ({ webhookId, count }));
      return assignClaims(await claimDeliveries(sql, ids, { leaseMs, wakeAfterMs: WAKE_AFTER_MS, next, onEnded }), requests);
    },
  });

  const records = createGroupCommit<AttemptRecord, Settled>({
    maxWeight: MAX_RECORDS,
    maxRunning: 2,
    run: async (batch) => {
      const { held, changes } = await recordAttempts(sql, batch, { wakeAfterMs: WAKE_AFTER_MS, health });
      if (changes !== null) onHealth?.(changes);
      return batch.map(({ leaseToken }) => ({
        held: held.has(leaseToken),
        backlogged: held.get(leaseToken)?.backlogged ?? false,
      }));
    },
  });

  return {
    claim: (id) => claims({ id }),
    claimNext: (webhookId) => claims({ nextOf: webhookId }),
    async record(record) {
      // The request was sent. Without the commit it would be sent again.
      const deadline = performance.now() + recordDeadlineMs;
      for (;;) {
        try {
          return await records(record);
        } catch (error) {
          if (performance.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    },
  };
}

/** Assigns each claim to one request. When two jobs of a delivery claim it at once, the first one gets the lease. */
function assignClaims(claims: readonly Claim[], requests: readonly ClaimRequest[]): (Claim | undefined)[] {
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const take = (id: string): Claim | undefined => {
    const claim = byId.get(id);
    byId.delete(id);
    return claim;
  };
  const claimedById = requests.map((request) => ('id' in request ? take(request.id) : undefined));
  const parkedByWebhook = new Map<string, Claim[]>();
  for (const claim of byId.values()) {
    const parked = parkedByWebhook.get(claim.webhookId);
    if (parked) parked.push(claim);
    else parkedByWebhook.set(claim.webhookId, [claim]);
  }
  return requests.map((request, index) =>
    'nextOf' in request ? parkedByWebhook.get(request.nextOf)?.shift() : claimedById[index],
  );
}
