import { expect, test } from '@jest/globals';
import { unencodedCredentials } from './url-credentials.js';

test.each([
  'postgresql://host/database',
  'postgresql://user:pass%2Fword%25@host:5432/database?sslmode=require',
  'postgresql://user:pass@host/database?options=-c%20application_name%3Da@b',
  'postgresql:///database?host=/var/run/postgresql',
  'postgresql://user:pass@/database?host=/var/run/postgresql',
  'redis://:@host',
  'nonsense',
])('%s has no character in its credentials that must be encoded', (url) => {
  expect(unencodedCredentials(url)).toBeUndefined();
});

test.each(['a/b', 'a?b', 'a#b', 'a@b', '100%', '%zz', '%ff', 'a b', 'a@b/c', 'a@b?c', '12/3'])(
  'a password "%s" must be encoded, and is not repeated',
  (password) => {
    for (const url of [`postgresql://user:${password}@host:5432/database`, `redis://:${password}@host?family=6`]) {
      expect(unencodedCredentials(url)).toContain('percent-encoded');
      expect(unencodedCredentials(url)).not.toContain(password);
    }
  },
);
