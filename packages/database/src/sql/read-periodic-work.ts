import type { Queryable } from '../database.js';

/** Which of the periodic tasks of every second have something to do. */
export interface PeriodicWork {
  /** Whether events are to be expanded (`expandNext`). */
  expansions: boolean;
  /** Whether deliveries of disabled or deleted webhooks are to be ended (`endSupersededNext`). */
  cancellations: boolean;
  /** Whether owners are to be notified (`readUnnotified`). */
  notices: boolean;
  /** Whether webhooks wait for a verification, now or later (`takeUnverified`, `releaseUnverified`). */
  verifications: boolean;
}

/** Reads in one statement which tasks have something to do: an idle installation needs none of their own statements. */
export async function readPeriodicWork(sql: Queryable): Promise<PeriodicWork> {
  const { rows } = await sql.query<PeriodicWork>({
    name: 'read_periodic_work',
    text: `
      SELECT EXISTS (SELECT FROM expansions) AS expansions, EXISTS (SELECT FROM cancellations) AS cancellations,
        EXISTS (SELECT FROM webhooks WHERE disabled_at IS NOT NULL AND disabled_notified_at IS NULL) AS notices,
        EXISTS (SELECT FROM verifications) AS verifications`,
  });
  return rows[0] as PeriodicWork;
}
