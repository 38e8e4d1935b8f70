import { expect, test } from '@jest/globals';
import { startApi } from '../../test/start-api.js';
import { parseContacts, parseHttpsUrl, securityTxt } from './security-txt.js';

const DAY_MS = 86_400_000;
const read = async (env: Record<string, string>) => {
  const api = await startApi({ env });
  const response = await fetch(`${api.url}/.well-known/security.txt`);
  const text = await response.text();
  await api.stop();
  return { status: response.status, type: response.headers.get('content-type'), text };
};

test('security.txt names the contacts of the operator, the preferred one first', async () => {
  const { status, type, text } = await read({
    SECURITY_CONTACT: 'mailto:security@example.com, https://example.com/report',
    SECURITY_POLICY: 'https://example.com/security',
    SECURITY_CANONICAL: 'https://hooks.example.com/.well-known/security.txt',
  });
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; charset=utf-8' });
  expect(text.replace(/Expires: .*/, 'Expires: …')).toBe(
    [
      'Contact: mailto:security@example.com',
      'Contact: https://example.com/report',
      'Expires: …',
      'Policy: https://example.com/security',
      'Canonical: https://hooks.example.com/.well-known/security.txt',
      '',
    ].join('\n'),
  );
});

test('without a contact there is no security.txt: the answer says which setting is missing', async () => {
  expect(await read({})).toMatchObject({
    status: 404,
    type: 'application/problem+json; charset=utf-8',
    text: expect.stringContaining('SECURITY_CONTACT'),
  });
});

test('it never goes stale: whenever it is asked for, it expires 89 to 90 days later, at the same time all day', () => {
  const expiresAt = (now: Date): number =>
    Date.parse(/^Expires: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/m.exec(securityTxt(contact, now))?.[1] ?? '');
  const contact = { contacts: ['tel:+1-555-0100'], policy: undefined, canonical: undefined };
  for (let hours = 0; hours < 24 * 400; hours += 7) {
    const now = new Date(Date.UTC(2026, 10, 30, hours));
    const days = (expiresAt(now) - now.getTime()) / DAY_MS;
    expect(days).toBeGreaterThan(89);
    expect(days).toBeLessThanOrEqual(90);
  }
  expect(expiresAt(new Date('2026-11-30T00:00:00Z'))).toBe(expiresAt(new Date('2026-11-30T23:59:59Z')));
});

test.each([
  ['security@example.com', 'write mailto:security@example.com'],
  ['http://example.com/report', 'write mailto:'],
  ['mailto:security@example.com\nContact: mailto:mallory@example.com', 'is not the URI of a contact'],
  ['https://example.com/a b', 'is not the URI of a contact'],
  ['https://[example.com/', 'is not the URI of a contact'],
  ['mailto:a@example.com,,', 'is not the URI of a contact'],
  ['javascript:alert(1)', 'is not the URI of a contact'],
])('the contact %j is refused', (text, message) => {
  expect(() => parseContacts(text)).toThrow(message);
});

test.each(['http://example.com/', 'example.com', 'https://example.com/\nContact: mailto:m@example.com', 'https://'])(
  'the URL %j of a policy is refused',
  (text) => {
    expect(() => parseHttpsUrl(text)).toThrow('begins with https://');
  },
);
