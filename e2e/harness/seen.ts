/** What this suite was given, or gave, that nobody else may ever see. */
const seen = new Set<string>();

/** Shorter ones are none, such as the tokens of tests about wrong tokens. */
const SHORTEST = 16;
const NAMES = ['secret', 'ticket'];

/** Remembers a secret text: a token, a webhook's secret, a ticket, the value of a custom header. */
export function see(text: unknown): void {
  if (typeof text === 'string' && text.length >= SHORTEST) seen.add(text);
}

/** Remembers what is secret in the JSON of a request or an answer. */
export function seeIn(json: unknown): void {
  if (typeof json !== 'object' || json === null) return;
  const body = json as Record<string, unknown>;
  for (const name of NAMES) see(body[name]);
  for (const value of Object.values(body['headers'] ?? {})) see(value);
}

/** All of it, also as it would look in a column of bytes: PostgreSQL shows them in hexadecimal. */
export function seenInAnyForm(): string[] {
  return [...seen].flatMap((text) => {
    const core = text.replace(/^whsec_/, '');
    const hex = [Buffer.from(core).toString('hex')];
    if (core !== text) hex.push(Buffer.from(core, 'base64').toString('hex'));
    return [core, ...hex];
  });
}
