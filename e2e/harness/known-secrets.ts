/** The secrets that this suite received or sent. */
const secrets = new Set<string>();

/** Shorter texts are not secrets, such as the wrong tokens of some tests. */
const MIN_LENGTH = 16;
const SECRET_FIELDS = ['secret', 'ticket'];

/** Remembers a secret text: a token, a webhook's secret, a ticket, the value of a custom header. */
export function rememberSecret(text: unknown): void {
  if (typeof text === 'string' && text.length >= MIN_LENGTH) secrets.add(text);
}

/** Remembers the secrets in the JSON of a request or a response. */
export function rememberSecretsIn(json: unknown): void {
  if (typeof json !== 'object' || json === null) return;
  const body = json as Record<string, unknown>;
  for (const name of SECRET_FIELDS) rememberSecret(body[name]);
  for (const value of Object.values(body['headers'] ?? {})) rememberSecret(value);
}

/** Returns all remembered secrets as text and in hexadecimal, as PostgreSQL shows columns of bytes. */
export function encodedSecrets(): string[] {
  return [...secrets].flatMap((text) => {
    const core = text.replace(/^whsec_/, '');
    const hex = [Buffer.from(core).toString('hex')];
    if (core !== text) hex.push(Buffer.from(core, 'base64').toString('hex'));
    return [core, ...hex];
  });
}
