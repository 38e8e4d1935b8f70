import type { Prisma } from '../generated/client.js';
import type { Actor } from '../actor.js';

/** A transaction of the Prisma client, as `prisma.$transaction` passes it to its callback. */
export type Transaction = Prisma.TransactionClient;

/** Names the actor whom the audit log records for the changes of this transaction. */
export async function setActor(transaction: Transaction, { id, kind }: Actor): Promise<void> {
  await transaction.$executeRaw`SELECT set_config('tidings.actor', ${id}, true), set_config('tidings.actor_kind', ${kind}, true)`;
}

/**
 * Locks an owner until the transaction ends: other transactions that register webhooks for the owner, or change the owner's
 * limits, wait.
 */
export async function lockOwner(transaction: Transaction, owner: string): Promise<void> {
  await transaction.$executeRaw`SELECT lock_owner(${owner})`;
}

/** Locks the row of the owner's webhook until the transaction ends, if there is one. Reads by others do not wait. */
export async function lockWebhook(transaction: Transaction, owner: string, id: string): Promise<void> {
  await transaction.$executeRaw`SELECT FROM webhooks WHERE id = ${id} AND owner = ${owner} FOR NO KEY UPDATE`;
}

/**
 * Reads the database's clock, in Unix seconds, rounded down. Unlike `now()`, which stays at the beginning of the transaction,
 * it counts the time that the transaction waited for a lock.
 */
export async function readClock(transaction: Transaction): Promise<number> {
  const [clock] = await transaction.$queryRaw<{ now: number }[]>`
    SELECT floor(extract(epoch FROM clock_timestamp()))::float8 AS now`;
  return (clock as { now: number }).now;
}
