import { expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { signToken } from './sign-token.js';

const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';
const claimsOf = (token: string) => jwt.verify(token, SECRET, { algorithms: ['HS256'] }) as jwt.JwtPayload;

test('signs the owner, the scopes, the first issuer and audience, and the end', () => {
  const env = { JWT_SECRET: SECRET, JWT_ISSUER: 'me, another', JWT_AUDIENCE: 'tidings,other' };
  const claims = claimsOf(signToken(env, { owner: 'alice', scope: 'events:publish', expiresInS: 60 }));
  expect(claims).toMatchObject({ sub: 'alice', scope: 'events:publish', iss: 'me', aud: 'tidings', jti: expect.any(String) });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
});

test('signs with the newest of several secrets', () => {
  const token = signToken({ JWT_SECRET: `${SECRET}\n${'old'.repeat(20)}` }, { owner: 'alice', expiresInS: 60 });
  expect(claimsOf(token).sub).toBe('alice');
});

test('puts the owner, the scopes and the audience into the claims that the settings name', () => {
  const env = {
    JWT_SECRET: SECRET,
    JWT_OWNER_CLAIM: 'oid',
    JWT_SCOPE_CLAIM: '/realm_access/roles, scope',
    JWT_SCOPE_PREFIX: 'tidings/',
    JWT_AUDIENCE: 'tidings',
    JWT_AUDIENCE_CLAIM: 'azp',
  };
  expect(claimsOf(signToken(env, { owner: 'alice', scope: 'a b', expiresInS: 60 }))).toMatchObject({
    sub: 'alice',
    oid: 'alice',
    realm_access: { roles: ['tidings/a', 'tidings/b'] },
    azp: 'tidings',
  });
});
