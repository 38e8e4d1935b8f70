import { parseDatabaseUrl } from '../connection/database-url.js';
import { PINNED } from '../connection/session-settings.js';

/** Checks the URL of a database, and returns it. Throws an `Error` that names what is wrong, without values of the URL. */
export function checkDatabaseUrl(text: string): string {
  parseDatabaseUrl(text, PINNED);
  return text;
}

/** Checks the URL of a service's database with an outbox, like {@link checkDatabaseUrl}. Its `options` may set anything. */
export function checkOutboxUrl(text: string): string {
  parseDatabaseUrl(text);
  return text;
}
