/** Who receives reports of vulnerabilities of this installation. */
export interface SecurityContact {
  /** URIs of `mailto:`, `https:` or `tel:`, the preferred one first. Empty: nobody, and no file is served. */
  contacts: readonly string[];
  /** The URL of the policy for reports. */
  policy: string | undefined;
  /** The URL under which the file is published. */
  canonical: string | undefined;
}

const CONTACT = /^(?:mailto:[^\s,@]+@[^\s,@]+|tel:[+\d][\d.()-]*|https:\/\/[^\s,/]+(?:\/[^\s,]*)?)$/i;
const HTTPS = /^https:\/\/[^\s/]+(?:\/\S*)?$/i;
const LASTS_DAYS = 90;
const DAY_MS = 86_400_000;

/** Parses `SECURITY_CONTACT`: URIs, comma-separated. Throws an error that says what is wrong. */
export function parseContacts(text: string): string[] {
  const contacts = text.split(',').map((contact) => contact.trim());
  const wrong = contacts.find((contact) => !CONTACT.test(contact) || (/^https:/i.test(contact) && !URL.canParse(contact)));
  if (wrong === undefined) return contacts;
  const advice = /^[^\s:@]+@[^\s@]+$/.test(wrong)
    ? `write mailto:${wrong}`
    : 'write mailto:security@example.com, an https URL or tel:+1-555-0100';
  throw new Error(`"${wrong}" is not the URI of a contact: ${advice}`);
}

/** Parses an https URL. Throws an error that says what is wrong. */
export function parseHttpsUrl(text: string): string {
  const url = text.trim();
  if (!HTTPS.test(url) || !URL.canParse(url)) throw new Error('write a URL that begins with https://');
  return url;
}

/**
 * The text of `security.txt`. It expires 90 days after the day of the request, so that it never goes stale while the installation
 * runs: its settings are what is in force today.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9116
 */
export function securityTxt({ contacts, policy, canonical }: SecurityContact, now: Date): string {
  const today = Math.floor(now.getTime() / DAY_MS);
  const expires = new Date((today + LASTS_DAYS) * DAY_MS).toISOString().replace('.000', '');
  const lines = [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires}`,
    ...(policy === undefined ? [] : [`Policy: ${policy}`]),
    ...(canonical === undefined ? [] : [`Canonical: ${canonical}`]),
  ];
  return `${lines.join('\n')}\n`;
}
