import { claimDeliveries, recordAttempts, type AttemptRecord, type Database, type Recorded } from '@tidings/database';

const OPTIONS = { leaseMs: 30_000, wakeAfterMs: 15_000 };
const HEALTH = { circuitAfter: 100, probeAfterMs: 1000, probeAtMostMs: 60_000, disableAfterMs: 86_400_000 };

/** Claims a delivery as a worker does. Throws when it cannot be claimed. */
export async function claim({ pool }: Database, id: string) {
  const [claimed] = await claimDeliveries(pool, [id], OPTIONS);
  if (claimed?.state !== 'claimed') throw new Error(`${id} could not be claimed.`);
  return claimed;
}

/** Records an attempt of a claimed delivery with this response status, as a worker does, and gives the delivery this outcome. */
export function record(
  { pool }: Database,
  { id, leaseToken, url, slowDowns }: { id: string; leaseToken: string; url: string; slowDowns: number },
  statusCode: number,
  outcome: AttemptRecord['outcome'] = { status: statusCode < 300 ? 'succeeded' : 'failed' },
): Promise<Recorded> {
  const failure = { errorClass: 'http_status', error: `The response had the status ${String(statusCode)}.` };
  const attempt = {
    deliveryId: id,
    leaseToken,
    url,
    startedAgoMs: 20,
    durationMs: 12,
    statusCode,
    responseBody: 'oops',
    counted: true,
    throttle: null,
    slowDowns,
    requestHeaders: { 'webhook-id': 'evt_1' },
    responseHeaders: { 'content-type': 'text/plain' },
    outcome,
    ...(statusCode < 300 ? { errorClass: null, error: null } : failure),
  };
  return recordAttempts(pool, [attempt], { wakeAfterMs: OPTIONS.wakeAfterMs, health: HEALTH });
}

/** Claims the delivery and records one attempt with this response status. */
export async function attempt(
  database: Database,
  id: string,
  statusCode: number,
  outcome?: AttemptRecord['outcome'],
): Promise<void> {
  await record(database, await claim(database, id), statusCode, outcome);
}
