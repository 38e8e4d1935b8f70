import { checkOutboxUrl } from '@tidings/database/url';
import { unencodedCredentials } from '@tidings/events';

/** A database with an outbox. */
export interface Outbox {
  /** Host, port and database, without user and password: for the log and the metrics. */
  name: string;
  url: string;
}

/**
 * Parses `OUTBOX_DATABASE_URLS`: PostgreSQL URLs, separated by commas. Throws when an entry is not a PostgreSQL URL, names no
 * database, or names the same database as another entry. The error does not repeat a URL, since it has a password.
 */
export function parseOutboxes(text: string): Outbox[] {
  const outboxes = text.split(',').map((part, index) => parseOutbox(part.trim(), index + 1));
  const duplicate = outboxes.find(({ name }, index) => outboxes.findIndex((other) => other.name === name) < index);
  if (duplicate) throw new Error(`${duplicate.name} occurs twice`);
  return outboxes;
}

function parseOutbox(url: string, number: number): Outbox {
  const mistake = unencodedCredentials(url);
  if (mistake !== undefined) throw new Error(`entry ${String(number)} of the list: ${mistake}`);
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Error(
      `entry ${String(number)} of the list is not a PostgreSQL URL such as postgresql://user:password@host:5432/database (write a comma in a password as %2C)`,
    );
  }
  const { host, port, pathname } = new URL(url);
  if (pathname.length < 2) throw new Error(`entry ${String(number)} of the list names no database`);
  try {
    checkOutboxUrl(url);
  } catch (error) {
    throw new Error(`entry ${String(number)} of the list ${(error as Error).message}`, { cause: error });
  }
  return { name: `${host}${port === '' ? ':5432' : ''}${pathname}`, url };
}
