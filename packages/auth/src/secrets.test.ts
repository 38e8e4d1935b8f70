import { expect, test } from '@jest/globals';
import { secretNotices, secretsIn, verifyingSecrets } from './secrets.js';

const [a, b] = ['a'.repeat(32), 'b'.repeat(44)];
const phrase = 'a pass phrase, with a comma and spaces, of forty bytes';

test.each<[string, string, string[]]>([
  ['one', a, [a]],
  ['several, one a line, the newest first', `${a}\n${b}\n${phrase}\n`, [a, b, phrase]],
  ['several, with the line breaks of Windows, empty lines and spaces', `${a}\r\n\r\n  ${b}  `, [a, b]],
  ['several, with line breaks as an environment file has them', `${a}\\n${b}`, [a, b]],
  ['one with commas and spaces', phrase, [phrase]],
  ['one with white space at its ends', ` ${a}\n`, [a]],
  [
    'one with a short line, as openssl rand -base64 64 prints it',
    `${'c'.repeat(64)}\n${'d'.repeat(24)}`,
    [`${'c'.repeat(64)}\n${'d'.repeat(24)}`],
  ],
])('JWT_SECRET has %s', (_case, value, secrets) => {
  expect(secretsIn(value)).toEqual(secrets);
});

test.each([a, `${a}\n`, `${a}\n${b}`, `${a}\\n${b}`, phrase, ` ${phrase}`])(
  'a value that was one secret until now still verifies the tokens of services that sign with all of it (%j)',
  (value) => {
    expect(verifyingSecrets(value)).toContain(value);
  },
);

test.each<[string, string, RegExp | null]>([
  ['one secret', a, null],
  ['a pass phrase', phrase, null],
  ['several secrets', `${a}\n${b}`, null],
  ['a short line', `${a}\nshort`, /^JWT_SECRET has several lines, and one of less than 32 bytes/],
  ['several secrets with a comma between', `${a},${b}`, /^JWT_SECRET looks like several secrets in one line/],
  ['several secrets with a space between', `${a} ${b}`, /^JWT_SECRET looks like several secrets in one line/],
])('the notice for %s', (_case, value, notice) => {
  const notices = secretNotices(value);
  expect(notices).toEqual(notice === null ? [] : [expect.stringMatching(notice)]);
  expect(notices.join()).not.toContain(a);
});
