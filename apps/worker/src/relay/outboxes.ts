/** A database with an outbox. */
export interface Outbox {
  /** For the log and the metrics: where it is, without user and password. */
  name: string;
  url: string;
}

/** Reads PostgreSQL URLs with commas between. Throws when one is none, or names the database of another; without repeating it. */
export function parseOutboxes(text: string): Outbox[] {
  const outboxes = text.split(',').map((part, index) => parseOutbox(part.trim(), index + 1));
  const twice = outboxes.find(({ name }, index) => outboxes.findIndex((other) => other.name === name) < index);
  if (twice) throw new Error(`${twice.name} is named twice`);
  return outboxes;
}

function parseOutbox(url: string, number: number): Outbox {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Error(
      `number ${String(number)} of the list is no PostgreSQL URL, postgresql://user:password@host:5432/database (a comma in a password is %2C)`,
    );
  }
  const { host, port, pathname } = new URL(url);
  if (pathname.length < 2) throw new Error(`number ${String(number)} of the list names no database`);
  return { name: `${host}${port === '' ? ':5432' : ''}${pathname}`, url };
}
