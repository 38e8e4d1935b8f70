import type { Database } from '@tidings/database';

/** What Prisma gives to whoever works in a transaction. */
export type Transaction = Parameters<Parameters<Database['prisma']['$transaction']>[0]>[0];

/** Has the audit log say who makes the changes of this transaction. */
export async function actAs(transaction: Transaction, actor: string): Promise<void> {
  await transaction.$executeRaw`SELECT set_config('tidings.actor', ${actor}, true)`;
}

/** Has whoever else registers webhooks for the user, or changes what they may have, wait until this transaction has ended. */
export async function lockOwner(transaction: Transaction, owner: string): Promise<void> {
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${owner}, 0))`;
}
