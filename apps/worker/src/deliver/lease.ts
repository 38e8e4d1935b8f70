import { createGroupCommit } from '@tidings/database';
import {
  claimDeliveries,
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
  /** How long a claim holds, in milliseconds of the database's clock. Longer than an attempt and its commit may take. */
  leaseMs: number;
  /** How long to keep trying to commit, in milliseconds. Afterwards the lease runs out, and the delivery is attempted again. */
  recordDeadlineMs: number;
  health: HealthRules;
  /** Told of deliveries that end without an attempt, for the metrics. */
  onEnded?: (status: 'cancelled' | 'skipped') => void;
  /** Told of circuits that open or close, and of webhooks that are disabled, for the metrics. */
  onHealth?: (changes: HealthChanges) => void;
}

/** What became of a record. */
export interface Settled {
  /** Whether the lease still held: if not, nothing was recorded. */
  held: boolean;
  /** Whether something waits for the slot that became free. */
  backlogged: boolean;
}

export interface Lease {
  claim: (id: string) => Promise<Claim | undefined>;
  /** What is first in line of what waits for a slot of the webhook; undefined when there is none, or no slot. */
  claimNext: (webhookId: string) => Promise<Claim | undefined>;
  record: (record: AttemptRecord) => Promise<Settled>;
}

type Wanted = { id: string } | { next: string };

const MAX_CLAIMS = 200;
const MAX_RECORDS = 500;
const RETRY_MS = 250;

/** The two commits of a delivery, shared by all that are under way at the time: one statement serves many jobs. */
export function createLease({ sql, leaseMs, recordDeadlineMs, health, onEnded, onHealth }: LeaseOptions): Lease {
  const claims = createGroupCommit<Wanted, Claim | undefined>({
    maxWeight: MAX_CLAIMS,
    // One at a time: two for the same webhooks wait for each other's commit, and keep records waiting (measured).
    run: async (wanted) => {
      const ids = wanted.flatMap((one) => ('id' in one ? one.id : []));
      const places = new Map<string, number>();
      for (const one of wanted) if ('next' in one) places.set(one.next, (places.get(one.next) ?? 0) + 1);
      const next = [...places].map(([webhookId, count]) => ({ webhookId, count }));
      return handOut(await claimDeliveries(sql, ids, { leaseMs, wakeAfterMs: WAKE_AFTER_MS, next, onEnded }), wanted);
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
    claimNext: (webhookId) => claims({ next: webhookId }),
    async record(record) {
      // The request was made: giving up on its commit would send it twice.
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

/** Each claim to one of those who want it. Two jobs of a delivery may come at once: the lease is one job's. */
function handOut(claims: readonly Claim[], wanted: readonly Wanted[]): (Claim | undefined)[] {
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const take = (id: string): Claim | undefined => {
    const claim = byId.get(id);
    byId.delete(id);
    return claim;
  };
  const named = wanted.map((one) => ('id' in one ? take(one.id) : undefined));
  const waiting = new Map<string, Claim[]>();
  for (const claim of byId.values()) {
    const line = waiting.get(claim.webhookId);
    if (line) line.push(claim);
    else waiting.set(claim.webhookId, [claim]);
  }
  return wanted.map((one, index) => ('next' in one ? waiting.get(one.next)?.shift() : named[index]));
}
