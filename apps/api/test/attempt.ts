import { claimDeliveries, recordAttempts, type AttemptRecord, type Database } from '@tidings/database';

const OPTIONS = { leaseMs: 30_000, wakeAfterMs: 15_000 };
const HEALTH = { circuitAfter: 100, probeAfterMs: 1000, probeAtMostMs: 60_000, disableAfterMs: 86_400_000 };

/** Claims a delivery as a worker does, which must be possible. */
export async function claim({ pool }: Database, id: string) {
  const [claimed] = await claimDeliveries(pool, [id], OPTIONS);
  if (claimed?.state !== 'claimed') throw new Error(`${id} could not be claimed.`);
  return claimed;
}

/** Records a claimed attempt, answered with this status, as a worker does; what becomes of the delivery is up to the caller. */
export async function record(
  { pool }: Database,
  { id, leaseToken, url }: { id: string; leaseToken: string; url: string },
  statusCode: number,
  outcome: AttemptRecord['outcome'] = { status: statusCode < 300 ? 'succeeded' : 'failed' },
): Promise<void> {
  const failure = { errorClass: 'http_status', error: `The response had the status ${String(statusCode)}.` };
  const attempt = {
    deliveryId: id,
    leaseToken,
    url,
    startedAgoMs: 20,
    durationMs: 12,
    statusCode,
    responseBody: 'oops',
    outcome,
    ...(statusCode < 300 ? { errorClass: null, error: null } : failure),
  };
  await recordAttempts(pool, [attempt], { wakeAfterMs: OPTIONS.wakeAfterMs, health: HEALTH });
}

/** Makes one attempt, answered with this status. */
export async function attempt(
  database: Database,
  id: string,
  statusCode: number,
  outcome?: AttemptRecord['outcome'],
): Promise<void> {
  await record(database, await claim(database, id), statusCode, outcome);
}
