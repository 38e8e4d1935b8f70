import { describe, expect, test } from '@jest/globals';
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import { parseClaimName } from './claim-names.js';
import { explainToken, readTokenToRevoke, verifyToken, type TokenRules } from './verify-token.js';

const secret = 'k'.repeat(40);
const rules: TokenRules = {
  algorithms: ['HS256'],
  findKeys: () => Promise.resolve([createSecretKey(Buffer.from(secret))]),
  issuers: [],
  audiences: [],
  audienceClaim: parseClaimName('aud'),
  ownerClaim: parseClaimName('sub'),
  scopeClaims: ['scope', 'scp', 'permissions'].map(parseClaimName),
  scopesMayBeNames: false,
  scopePrefix: '',
  maxLifetimeS: 86_400,
  clockToleranceS: 5,
  requireTokenId: false,
  isRevoked: () => false,
  notBefore: () => undefined,
};
const now = () => Math.floor(Date.now() / 1000);
const callerOf = async (token: string, more: Partial<TokenRules> = {}) =>
  (await verifyToken(token, { ...rules, ...more })).caller;
const sign = (claims: object, options: jwt.SignOptions = {}) => jwt.sign({ exp: now() + 600, ...claims }, secret, options);

describe('a valid token', () => {
  test('names its owner, scopes, end and id', async () => {
    const exp = now() + 600;
    const token = sign({ sub: 'alice', exp, scope: 'events:publish admin', jti: 'one' });
    expect(await callerOf(token)).toEqual({
      owner: 'alice',
      scopes: new Set(['events:publish', 'admin']),
      expiresAt: (exp + rules.clockToleranceS) * 1000,
      tokenId: 'one',
      issuedAt: expect.any(Number),
    });
    expect(await callerOf(sign({ sub: 'alice' }))).toMatchObject({ scopes: new Set(), tokenId: undefined });
  });

  test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])('may have the typ %s', async (typ) => {
    const header = { alg: 'HS256', typ } as jwt.JwtHeader;
    expect(await callerOf(sign({ sub: 'alice' }, { header }))).toMatchObject({ owner: 'alice' });
  });

  test('needs a jti when the configuration requires one', async () => {
    const strict = { requireTokenId: true };
    expect(await callerOf(sign({ sub: 'alice' }), strict)).toBeNull();
    expect(await callerOf(sign({ sub: 'alice', jti: 'one' }), strict)).toMatchObject({ tokenId: 'one' });
  });

  test('may come from a clock that differs within the tolerance', async () => {
    const of = async (claims: object) => (await callerOf(sign({ sub: 'alice', ...claims }))) !== null;
    expect(await of({ iat: now() + 3, nbf: now() + 3 })).toBe(true);
    expect(await of({ exp: now() - 2 })).toBe(true);
    expect(await of({ iat: now() + 60 })).toBe(false);
    expect(await of({ nbf: now() + 60 })).toBe(false);
    expect(await of({ exp: now() - 60 })).toBe(false);
  });

  test('may live up to the longest allowed lifetime', async () => {
    const of = async (exp: number) => (await callerOf(sign({ sub: 'alice', exp }))) !== null;
    expect(await of(now() + 86_400)).toBe(true);
    expect(await of(now() + 86_500)).toBe(false);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed25519 = generateKeyPairSync('ed25519');
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  test.each([
    ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map((alg) => [alg, rsa] as const),
    ['ES256', ec('P-256')] as const,
    ['ES384', ec('P-384')] as const,
    ['ES512', ec('P-521')] as const,
    ['EdDSA', ed25519] as const,
    ['Ed25519', ed25519] as const,
  ])('may be signed with %s, and with nothing else then', async (alg, { publicKey, privateKey }) => {
    const claims = { sub: 'alice', exp: now() + 600 };
    const signWith = (key: KeyObject) => new SignJWT(claims).setProtectedHeader({ alg }).sign(key);
    const asPem = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    const options = { findKeys: () => Promise.resolve([asPem]), algorithms: [alg] };
    const token = await signWith(privateKey);
    expect(await callerOf(token, options)).toMatchObject({ owner: 'alice' });
    expect((await verifyToken(token, rules)).fault).toBe('algorithm');
    const changed = token.replace(
      /\.[^.]+\./,
      `.${Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url')}.`,
    );
    expect((await verifyToken(changed, { ...rules, ...options })).fault).toBe('signature');
    const forged = jwt.sign(claims, String(publicKey.export({ type: 'spki', format: 'pem' })), { algorithm: 'HS256' });
    expect((await verifyToken(forged, { ...rules, ...options })).fault).toBe('algorithm');
  });

  test('may be signed with each of several keys', async () => {
    const keys = ['new', 'old'].map((name) => createSecretKey(Buffer.from(name.repeat(20))));
    const of = (name: string) =>
      callerOf(jwt.sign({ sub: name, exp: now() + 600 }, name.repeat(20)), { findKeys: () => Promise.resolve(keys) });
    expect([await of('new'), await of('old'), await of('other')]).toMatchObject([{ owner: 'new' }, { owner: 'old' }, null]);
  });

  test('may have times with fractions (RFC 7519, NumericDate)', async () => {
    const claims = { sub: 'alice', exp: now() + 600.5, iat: now() - 0.25, nbf: now() - 0.75 };
    expect(await callerOf(sign(claims))).toMatchObject({ expiresAt: Math.floor((claims.exp + rules.clockToleranceS) * 1000) });
    expect((await verifyToken(sign({ ...claims, exp: now() - 5.5 }), rules)).fault).toBe('expired');
    expect((await verifyToken(sign({ ...claims, nbf: now() + 60.5 }), rules)).fault).toBe('not_yet_valid');
  });

  test.each<[string, object, string[]]>([
    ['text in scope', { scope: 'a b' }, ['a', 'b']],
    ['a list in scope, each a name as a whole', { scope: ['a', 'b c'] }, ['a', 'b c']],
    ['text in scp (Entra)', { scp: 'a b' }, ['a', 'b']],
    ['a list in scp (Okta)', { scp: ['a', 'b'] }, ['a', 'b']],
    ['a list in permissions (Auth0)', { permissions: ['a'] }, ['a']],
    ['only the first claim that is present', { scope: 'a', scp: ['b'], permissions: ['admin'] }, ['a']],
    ['none for an empty text in the first', { scope: '', permissions: ['admin'] }, []],
    ['none for an empty list in the first', { scope: [], permissions: ['admin'] }, []],
    ['none for null in the first', { scope: null, permissions: ['admin'] }, []],
    ['none without any claim', {}, []],
  ])('has these scopes: %s', async (_case, claims, scopes) => {
    expect(await callerOf(sign({ sub: 'alice', ...claims }))).toMatchObject({ scopes: new Set(scopes) });
  });

  test.each<[string, string, object, string[] | null]>([
    ['another name', 'roles', { scope: 'x', roles: ['admin'] }, ['admin']],
    ['a URL, which is a name', 'https://example.com/roles', { 'https://example.com/roles': ['admin'] }, ['admin']],
    ['a name with dots, which is no path', 'realm_access.roles', { realm_access: { roles: ['admin'] } }, []],
    ['a path to a claim inside others', '/realm_access/roles', { realm_access: { roles: ['admin'] } }, ['admin']],
    ['a path with a slash in a name', '/a~1b/c~0d', { 'a/b': { 'c~d': 'admin' } }, ['admin']],
    ['a path that leads nowhere', '/realm_access/roles', { realm_access: null }, []],
    ['a path into a list', '/roles/0', { roles: ['admin'] }, []],
    ['a name that every object has', 'constructor', {}, []],
    ['a path through what every object has', '/__proto__/constructor', {}, []],
    ["an object of objects (Zitadel's roles)", 'urn:roles', { 'urn:roles': { admin: { org: 'example.com' } } }, ['admin']],
    ['an object that says no', 'roles', { roles: { admin: false } }, null],
  ])('has its scopes in the configured claim: %s', async (_case, name, claims, scopes) => {
    const caller = await callerOf(sign({ sub: 'alice', ...claims }), {
      scopeClaims: [parseClaimName(name)],
      scopesMayBeNames: true,
    });
    expect(caller && [...caller.scopes]).toEqual(scopes);
  });

  test('has only the scopes with the configured prefix, without it', async () => {
    const of = (scope: unknown) => callerOf(sign({ sub: 'alice', scope }), { scopePrefix: 'tidings/' });
    expect(await of('admin tidings/events:publish')).toMatchObject({ scopes: new Set(['events:publish']) });
    expect(await of(['tidings/a', 'other/tidings/b', 'Tidings/c'])).toMatchObject({ scopes: new Set(['a']) });
  });

  test('has its owner and its audience in the configured claims, and in no other', async () => {
    const names = { ownerClaim: parseClaimName('oid'), audiences: ['app'], audienceClaim: parseClaimName('client_id') };
    const of = (claims: object) => verifyToken(sign(claims), { ...rules, ...names });
    expect(await of({ sub: 's', oid: 'alice', client_id: 'app' })).toMatchObject({ caller: { owner: 'alice' } });
    expect(await of({ sub: 's', client_id: 'app' })).toMatchObject({ fault: 'owner' });
    expect(await of({ sub: 's', oid: ['alice'], client_id: 'app' })).toMatchObject({ fault: 'owner' });
    expect(await of({ oid: 'alice', aud: 'app' })).toMatchObject({ fault: 'audience' });
  });

  test('has the configured issuer and audience', async () => {
    const strict = { issuers: ['platform', 'another'], audiences: ['tidings', 'https://tidings.example'] };
    const of = (options: jwt.SignOptions) => callerOf(sign({ sub: 'alice' }, options), strict);
    expect(await of({ issuer: 'another', audience: 'https://tidings.example' })).toMatchObject({ owner: 'alice' });
    expect(await of({ issuer: 'platform', audience: 'tidings' })).toMatchObject({ owner: 'alice' });
    expect(await of({ issuer: 'platform', audience: ['other', 'tidings'] })).toMatchObject({ owner: 'alice' });
    expect(await of({ issuer: 'other', audience: 'tidings' })).toBeNull();
    expect(await of({ issuer: 'platform' })).toBeNull();
  });
});

describe('a refusal', () => {
  const strict: TokenRules = {
    ...rules,
    issuers: ['me'],
    audiences: ['tidings'],
    requireTokenId: true,
    isRevoked: (id) => id === 'gone',
    notBefore: (owner) => (owner === 'rita' ? now() - 60 : undefined),
  };
  const right = { sub: 'alice', iss: 'me', aud: 'tidings', jti: 'one' };
  const faultOf = async (token: string, more: Partial<TokenRules> = {}) =>
    (await verifyToken(token, { ...strict, ...more })).fault;

  test.each<[string, string]>([
    ['malformed', 'a.b.c'],
    ['header', sign(right, { header: { alg: 'HS256', crit: ['x'] } })],
    ['algorithm', jwt.sign(right, secret, { algorithm: 'HS384' })],
    ['signature', jwt.sign(right, 'another secret of at least 32 bytes')],
    ['expiry', jwt.sign(right, secret)],
    ['lifetime', sign({ ...right, exp: now() + 1e6 })],
    ['expired', sign({ ...right, exp: now() - 60 })],
    ['not_yet_valid', sign({ ...right, nbf: now() + 60 })],
    ['not_yet_valid', sign({ ...right, iat: now() + 60 })],
    ['issuer', sign({ ...right, iss: 'you' })],
    ['audience', sign({ ...right, aud: ['other'] })],
    ['owner', sign({ ...right, sub: '' })],
    ['scope', sign({ ...right, scope: 7 })],
    ['token_id', sign({ ...right, jti: undefined })],
    ['revoked', sign({ ...right, jti: 'gone' })],
    ['revoked', sign({ ...right, sub: 'rita', iat: now() - 120 })],
    ['revoked', sign({ ...right, sub: 'rita' }, { noTimestamp: true })],
  ])('has a reason: %s', async (fault, token) => {
    expect(await faultOf(token)).toBe(fault);
  });

  test('says key_unknown without a key that fits, and names no claim of a token that is not genuine', async () => {
    expect(await faultOf(sign(right), { findKeys: () => Promise.resolve([]) })).toBe('key_unknown');
    expect(await faultOf(jwt.sign({ iss: 'you' }, 'another secret of at least 32 bytes'))).toBe('signature');
  });

  test('is explained part by part, also behind a part that is wrong, and without the signature', async () => {
    const token = sign({ ...right, iss: 'you', exp: now() - 7200, scope: ['a'] });
    const parts = await explainToken(token, strict);
    expect(parts.map(({ part, fault }) => `${part}: ${fault ?? 'right'}`)).toEqual(
      'alg: right,header: right,key: right,signature: right,exp: expired,nbf: right,iat: right,iss: issuer,aud: right,sub: right,scope: right,jti: right'.split(
        ',',
      ),
    );
    const facts = new Map(parts.map(({ part, fact }) => [part, fact()]));
    expect(facts.get('iss')).toBe('is "you"; JWT_ISSUER is "me"');
    expect(facts.get('exp')).toMatch(/^is \d{4}-.*Z, 2 hours ago$/);
    expect(facts.get('scope')).toBe('has the scopes "a"');
    expect([...facts.values()].join()).not.toContain(token.split('.')[2]);
  });
});

test('refuses 8 KB of malformed text in less than 10 ms of CPU', async () => {
  for (const text of ['.', 'a.', '..a', 'e30.']) {
    const before = process.cpuUsage();
    for (let count = 0; count < 20; count += 1) {
      expect(await callerOf(text.repeat(8192).slice(0, 8192))).toBeNull();
    }
    const { user, system } = process.cpuUsage(before);
    // Without the limit of parts, each took 50 ms.
    expect((user + system) / 1000 / 20).toBeLessThan(10);
  }
});

describe('a token of an owner whose tokens were revoked', () => {
  const notBefore = 1_700_000_000.5;
  test.each<[string, number | undefined, boolean]>([
    ['a second before', notBefore - 1, false],
    ['in the same moment', notBefore, true],
    ['a second later', notBefore + 1, true],
    ['at a time that it does not name', undefined, false],
  ])('that was issued %s is accepted: %s', async (_, iat, accepted) => {
    const token = sign(iat === undefined ? { sub: 'alice' } : { sub: 'alice', iat }, { noTimestamp: iat === undefined });
    expect((await callerOf(token, { notBefore: () => notBefore })) !== null).toBe(accepted);
  });

  test('is explained, and no other owner is concerned', async () => {
    const rita = { notBefore: (owner: string) => (owner === 'rita' ? now() : undefined) };
    const judgements = await explainToken(sign({ sub: 'rita', iat: now() - 60 }), { ...rules, ...rita });
    expect(judgements.find(({ part }) => part === 'iat')?.fact()).toMatch(/; the owner's tokens before .* are revoked$/);
    expect(await callerOf(sign({ sub: 'alice', iat: now() - 60 }), rita)).not.toBeNull();
  });
});

describe('a token that is to be revoked', () => {
  test('names its end and its owner when its signature is genuine, also when it is not valid otherwise', async () => {
    const claims = { sub: 'alice', jti: 'one', exp: now() - 86_400 };
    expect(await readTokenToRevoke(sign(claims), rules)).toEqual({ tokenId: 'one', exp: claims.exp, owner: 'alice' });
  });

  test.each<[string, string, Partial<TokenRules>]>([
    ['another key signed it', jwt.sign({ sub: 'alice', jti: 'one', exp: 1 }, 'x'.repeat(40)), {}],
    ['its algorithm is another', jwt.sign({ sub: 'alice', jti: 'one', exp: 1 }, secret, { algorithm: 'HS512' }), {}],
    ['no key can be loaded', sign({ sub: 'alice', jti: 'one' }), { findKeys: () => Promise.reject(new Error('away')) }],
    ['its header is not plain', sign({ sub: 'alice', jti: 'one' }, { header: { alg: 'HS256', crit: ['x'] } }), {}],
  ])('names its jti alone when %s', async (_, token, more) => {
    expect(await readTokenToRevoke(token, { ...rules, ...more })).toEqual({ tokenId: 'one', exp: null, owner: null });
  });

  test.each(['', 'one', 'a.b.c', sign({ sub: 'alice' }), sign({ jti: 'with space' }), sign({ jti: '' })])(
    'is refused without a jti: %s',
    async (token) => {
      expect(await readTokenToRevoke(token, rules)).toBeNull();
    },
  );
});
