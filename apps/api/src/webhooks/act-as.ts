import type { Database } from '@tidings/database';

/** The client that Prisma passes to the function of a transaction. */
export type Transaction = Parameters<Parameters<Database['prisma']['$transaction']>[0]>[0];

/** Sets the actor that the audit log records for the changes of this transaction. */
export async function actAs(transaction: Transaction, actor: string): Promise<void> {
  await transaction.$executeRaw`SELECT set_config('tidings.actor', ${actor}, true)`;
}

/**
 * Locks the owner until the end of this transaction: other registrations of the owner's webhooks, and changes of the owner's
 * settings, wait.
 */
export async function lockOwner(transaction: Transaction, owner: string): Promise<void> {
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${owner}, 0))`;
}
