import { createBatch } from '@tidings/batch';
import {
  claimDeliveries,
  recordAttempts,
  type AttemptRecord,
  type Claim,
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
  /** Told of the webhooks that have deliveries waiting for the slots that became free. */
  onFreed: (webhookIds: readonly string[]) => void;
}

export interface Lease {
  claim: (id: string) => Promise<Claim | undefined>;
  record: (record: AttemptRecord) => Promise<boolean>;
}

const MAX_CLAIMS = 200;
const MAX_RECORDS = 500;
const RETRY_MS = 250;

/** The two commits of a delivery, shared by all that are under way at the time: one statement serves many jobs. */
export function createLease({ sql, leaseMs, recordDeadlineMs, health, onFreed }: LeaseOptions): Lease {
  const claims = createBatch<string, Claim | undefined>({
    maxWeight: MAX_CLAIMS,
    maxRunning: 2,
    run: async (ids) => {
      const claimed = new Map(
        (await claimDeliveries(sql, ids, { leaseMs, wakeAfterMs: WAKE_AFTER_MS })).map((claim) => [claim.id, claim]),
      );
      return ids.map((id) => {
        // Two jobs of a delivery may come at once: the lease is one job's.
        const claim = claimed.get(id);
        claimed.delete(id);
        return claim;
      });
    },
  });

  const records = createBatch<AttemptRecord, boolean>({
    maxWeight: MAX_RECORDS,
    maxRunning: 2,
    run: async (batch) => {
      const { held, backlogged } = await recordAttempts(sql, batch, { wakeAfterMs: WAKE_AFTER_MS, health });
      if (backlogged.length > 0) onFreed(backlogged);
      return batch.map(({ leaseToken }) => held.has(leaseToken));
    },
  });

  return {
    claim: (id) => claims(id),
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
