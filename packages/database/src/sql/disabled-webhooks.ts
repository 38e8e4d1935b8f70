import type { Queryable } from '../database.js';

/** A webhook that Tidings or an operator disabled, and whose owner has not been notified. */
export interface DisabledWebhook {
  id: string;
  owner: string;
  reason: 'failing' | 'gone' | 'operator';
  disabledAt: Date;
}

/** Reads the webhooks whose owners are to be notified, up to 100, in the order in which they were disabled. */
export async function readUnnotified(sql: Queryable): Promise<DisabledWebhook[]> {
  const { rows } = await sql.query<DisabledWebhook>({
    name: 'read_unnotified',
    text: `
      SELECT id, owner, disabled_reason AS reason, disabled_at AS "disabledAt" FROM webhooks
      WHERE disabled_at IS NOT NULL AND disabled_notified_at IS NULL ORDER BY disabled_at LIMIT 100`,
  });
  return rows;
}

/** Records that the owner was notified, unless the webhook has been enabled or disabled again since it was read. */
export async function markNotified(
  sql: Queryable,
  { id, disabledAt }: Pick<DisabledWebhook, 'id' | 'disabledAt'>,
): Promise<void> {
  await sql.query({
    name: 'mark_notified',
    text: 'UPDATE webhooks SET disabled_notified_at = now() WHERE id = $1 AND disabled_at = $2',
    values: [id, disabledAt],
  });
}
