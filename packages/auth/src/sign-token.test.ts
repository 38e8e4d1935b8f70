import { expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { signToken } from './sign-token.js';

const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';

test('signs the owner, the scopes, the issuer, the audience and the end', () => {
  const token = signToken(SECRET, { sub: 'alice', scope: 'events:publish', issuer: 'me', audience: 'tidings', expiresInS: 60 });
  const claims = jwt.verify(token, SECRET, { algorithms: ['HS256'] }) as jwt.JwtPayload;
  expect(claims).toMatchObject({ sub: 'alice', scope: 'events:publish', iss: 'me', aud: 'tidings' });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
});
