import { beforeAll, describe, expect, test } from '@jest/globals';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { importJWK, SignJWT, type JWTPayload } from 'jose';
import { findKeys, parseKeySet, tokenConfig, tokenMistakes, tokenSettings, verifyToken } from '@tidings/auth';
import { readConfig, settingNotices } from '@tidings/config';
import { readPage } from './fences.js';

/** The settings that docs/identity.md has for a provider: the block below its heading. */
function settingsOf(heading: string): Record<string, string> {
  const section =
    readPage('docs/identity.md')
      .split(`\n### ${heading}\n`)[1]
      ?.split(/\n##+ /)[0] ?? '';
  const block = /```ini\n([^]*?)```/.exec(section)?.[1] ?? '';
  return Object.fromEntries([...block.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

const now = Math.floor(Date.now() / 1000);
const times = { iat: now - 5, exp: now + 3600 };
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = {
  RS256: rsa(),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
};
const encryption = rsa();
const SUPABASE_SECRET = 'super-secret-jwt-token-with-at-least-32-characters-long';

interface Case {
  /** The heading in docs/identity.md. */
  provider: string;
  token: string;
  /** The page from which the shape of the token is. */
  source: string;
  alg?: 'RS256' | 'ES256' | 'ES384' | 'HS256';
  header: Record<string, unknown>;
  claims: JWTPayload;
  /** Fields of its keys in the key set, beside those of the key itself. */
  jwk?: object;
  owner: string;
  scopes: string[];
  /** A claim of a token for another application, which must be refused. */
  foreign: JWTPayload;
  /** Settings in place of those of the block, which the page describes beside it. */
  more?: Record<string, string>;
}

const AUTH0 = 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles';
const KEYCLOAK = 'https://www.keycloak.org/docs/latest/server_admin/#audience-support';
const KEYCLOAK_ROLES = 'https://www.keycloak.org/docs/latest/server_admin/#_oidc_token_role_mappings';
const ENTRA = 'https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference';
const OKTA = 'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/';
const COGNITO = 'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html';
const COGNITO_ID = 'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html';
const CLERK = 'https://clerk.com/docs/guides/sessions/session-tokens';
const SUPABASE = 'https://supabase.com/docs/guides/auth/jwt-fields';
const LOGTO = 'https://docs.logto.io/authorization/validate-access-tokens';
const ZITADEL = 'https://zitadel.com/docs/guides/integrate/retrieve-user-roles';
const FIREBASE = 'https://firebase.google.com/docs/reference/admin/node/firebase-admin.auth.decodedidtoken';

/** The heading in docs/identity.md below which the table of the providers' pages is. */
const SOURCES = 'Sources of the shapes';

const uuid = '36fa0f91-f94d-4a0c-afed-6b7d952e47da';
const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const entraUser = {
  oid: uuid,
  tid: tenant,
  sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
  rh: '0.ARoAv4j5',
  uti: 'o6A3bLtL',
  ver: '2.0',
};
const supabase: JWTPayload = {
  iss: 'https://abcdefghijklmnop.supabase.co/auth/v1',
  sub: uuid,
  aud: 'authenticated',
  ...times,
  email: 'alice@example.com',
  phone: '',
  app_metadata: { provider: 'email', providers: ['email'], tidings_scopes: ['events:publish'] },
  user_metadata: { tidings_scopes: ['admin'] },
  role: 'authenticated',
  aal: 'aal1',
  amr: [{ method: 'password', timestamp: now - 5 }],
  session_id: uuid,
  is_anonymous: false,
};
const cognito: JWTPayload = {
  sub: uuid,
  iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example',
  origin_jti: uuid,
  event_id: uuid,
  auth_time: now - 5,
  jti: 'aaaaaaaa-bbbb-cccc-dddd-example',
  ...times,
};

const CASES: Case[] = [
  {
    provider: 'Auth0',
    token: 'access token of a user',
    source: AUTH0,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://example.eu.auth0.com/',
      sub: 'auth0|6553da60a54af58e29493993',
      aud: ['https://tidings.example.com', 'https://example.eu.auth0.com/userinfo'],
      ...times,
      exp: now + 86_400,
      azp: 'my_client_id',
      scope: 'openid profile email',
      'https://example.com/roles': ['admin'],
    },
    jwk: { use: 'sig', alg: 'RS256', x5t: 'NEVBNUNBOTgxRkE5NkQ3QzJEQTM4' },
    owner: 'auth0|6553da60a54af58e29493993',
    scopes: ['openid', 'profile', 'email'],
    foreign: { aud: ['https://shop.example.com', 'https://example.eu.auth0.com/userinfo'] },
  },
  {
    provider: 'Auth0',
    token: 'access token with permissions (RBAC), RFC 9068 profile',
    source: AUTH0,
    header: { typ: 'at+jwt' },
    claims: {
      iss: 'https://example.eu.auth0.com/',
      sub: 'auth0|123456',
      aud: 'https://tidings.example.com',
      ...times,
      client_id: 'my_client_id',
      jti: '73WakrfVbNJBaAmhQtEeDv',
      scope: 'openid admin',
      permissions: ['events:publish'],
    },
    more: { JWT_SCOPE_CLAIM: 'permissions' },
    owner: 'auth0|123456',
    scopes: ['events:publish'],
    foreign: { iss: 'https://other.eu.auth0.com/' },
  },
  {
    provider: 'Auth0',
    token: 'access token of a service',
    source: AUTH0,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://example.eu.auth0.com/',
      sub: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
      aud: 'https://tidings.example.com',
      ...times,
      azp: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
      scope: 'events:publish',
    },
    owner: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
    scopes: ['events:publish'],
    foreign: { aud: 'https://shop.example.com' },
  },
  {
    provider: 'Keycloak',
    token: 'access token',
    source: KEYCLOAK,
    header: { typ: 'JWT' },
    claims: {
      ...times,
      jti: 'onrtac:d58f5dc8-fd8f-462b-8a19-716f8f83985b',
      iss: 'https://id.example.com/realms/example',
      aud: ['tidings', 'account'],
      sub: uuid,
      typ: 'Bearer',
      azp: 'web',
      sid: uuid,
      acr: '1',
      'allowed-origins': ['https://app.example.com'],
      realm_access: { roles: ['offline_access', 'admin', 'uma_authorization'] },
      resource_access: { tidings: { roles: ['events:publish'] }, account: { roles: ['manage-account', 'view-profile'] } },
      scope: 'openid email profile',
      email_verified: true,
      preferred_username: 'alice',
    },
    jwk: { use: 'sig', alg: 'RS256', x5c: ['MIIClz'], x5t: 'oL' },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { aud: 'account' },
  },
  {
    provider: 'Keycloak',
    token: 'access token of a service account, with one audience',
    source: KEYCLOAK_ROLES,
    header: { typ: 'JWT' },
    claims: {
      ...times,
      jti: 'trrtcc:7e4d3b7c-5a64-4f5c-9f3e-0f6a2a4c4c59',
      iss: 'https://id.example.com/realms/example',
      aud: 'tidings',
      sub: uuid,
      typ: 'Bearer',
      azp: 'publisher',
      resource_access: { tidings: { roles: ['events:publish'] } },
      scope: '',
      preferred_username: 'service-account-publisher',
    },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { aud: 'shop' },
  },
  {
    provider: 'Entra ID',
    token: 'access token of a user (v2)',
    source: ENTRA,
    header: { typ: 'JWT' },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      ...times,
      nbf: now - 5,
      aio: 'AXQAi/8TAAAA',
      azp: 'd3590ed6-52b3-4102-aeff-aad2292ab01c',
      azpacr: '0',
      name: 'Alice',
      preferred_username: 'alice@example.com',
      scp: 'access_as_user',
      ...entraUser,
    },
    jwk: {
      use: 'sig',
      x5t: 'piVlloQDSMKxh1m2ygqGSVdgFpA',
      x5c: ['MIIC'],
      issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    },
    owner: uuid,
    scopes: ['access_as_user'],
    foreign: { aud: '00000003-0000-0000-c000-000000000000' },
  },
  {
    provider: 'Entra ID',
    token: 'access token of a user (v1)',
    source: ENTRA,
    header: { typ: 'JWT', x5t: 'piVlloQDSMKxh1m2ygqGSVdgFpA' },
    claims: {
      aud: 'api://6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: `https://sts.windows.net/${tenant}/`,
      ...times,
      nbf: now - 5,
      acr: '1',
      amr: ['pwd'],
      appid: 'd3590ed6-52b3-4102-aeff-aad2292ab01c',
      appidacr: '0',
      ipaddr: '203.0.113.7',
      roles: ['events:publish'],
      scp: 'access_as_user',
      unique_name: 'alice@example.com',
      upn: 'alice@example.com',
      ...entraUser,
      ver: '1.0',
    },
    jwk: { use: 'sig', x5t: 'piVlloQDSMKxh1m2ygqGSVdgFpA', x5c: ['MIIC'] },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { iss: 'https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/' },
  },
  {
    provider: 'Entra ID',
    token: 'access token of a service (v2)',
    source: ENTRA,
    header: { typ: 'JWT' },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      ...times,
      nbf: now - 5,
      azp: 'd3590ed6-52b3-4102-aeff-aad2292ab01c',
      azpacr: '1',
      idtyp: 'app',
      oid: uuid,
      roles: ['events:publish'],
      sub: uuid,
      tid: tenant,
      ver: '2.0',
    },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { aud: 'https://graph.microsoft.com' },
  },
  {
    provider: 'Okta',
    token: 'access token of a user',
    source: OKTA,
    header: {},
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      iss: 'https://example.okta.com/oauth2/default',
      aud: 'api://default',
      sub: 'alice@example.com',
      ...times,
      cid: 'nmdP1fcyvdVO11AL7ECm',
      uid: '00ujmkLgagxeRrAg20g3',
      scp: ['openid', 'events:publish'],
    },
    jwk: { use: 'sig', alg: 'RS256' },
    owner: 'alice@example.com',
    scopes: ['openid', 'events:publish'],
    foreign: { aud: 'https://example.okta.com' },
  },
  {
    provider: 'Okta',
    token: 'access token of a service',
    source: OKTA,
    header: {},
    claims: {
      ver: 1,
      jti: 'AT.abc',
      iss: 'https://example.okta.com/oauth2/default',
      aud: 'api://default',
      ...times,
      cid: 'nmdP1fcyvdVO11AL7ECm',
      scp: ['events:publish'],
      sub: 'nmdP1fcyvdVO11AL7ECm',
    },
    owner: 'nmdP1fcyvdVO11AL7ECm',
    scopes: ['events:publish'],
    foreign: { iss: 'https://example.okta.com/oauth2/other' },
  },
  {
    provider: 'Cognito',
    token: 'access token of a user',
    source: COGNITO,
    header: {},
    claims: {
      ...cognito,
      device_key: 'aaaaaaaa-bbbb',
      'cognito:groups': ['testgroup'],
      client_id: '1example23456789',
      version: 2,
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin openid tidings/events:publish',
      username: 'alice',
    },
    jwk: { use: 'sig', alg: 'RS256' },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { client_id: '2example23456789' },
  },
  {
    provider: 'Cognito',
    token: 'access token of a service',
    source: COGNITO,
    header: {},
    claims: {
      ...cognito,
      sub: '1example23456789',
      client_id: '1example23456789',
      version: 2,
      token_use: 'access',
      scope: 'tidings/events:publish',
    },
    owner: '1example23456789',
    scopes: ['events:publish'],
    foreign: { client_id: '2example23456789', sub: '2example23456789' },
  },
  {
    provider: 'Cognito',
    token: 'ID token',
    source: COGNITO_ID,
    header: {},
    claims: {
      ...cognito,
      email_verified: true,
      'cognito:username': 'alice',
      'cognito:groups': ['tidings/admin', 'staff'],
      aud: '1example23456789',
      token_use: 'id',
      email: 'alice@example.com',
      identities: [{ userId: 'x', providerName: 'Example' }],
    },
    more: { JWT_AUDIENCE_CLAIM: 'aud', JWT_SCOPE_CLAIM: 'cognito:groups' },
    owner: uuid,
    scopes: ['admin'],
    foreign: { aud: '2example23456789' },
  },
  {
    provider: 'Clerk',
    token: 'session token (version 2)',
    source: CLERK,
    header: { typ: 'JWT', cat: 'cl_B7d4PD111AAA' },
    claims: {
      azp: 'https://app.example.com',
      exp: now + 60,
      fva: [7, -1],
      iat: now,
      iss: 'https://clerk.example.com',
      jti: 'a1b2c3d4e5f6a7b8c9d0',
      nbf: now - 10,
      sid: 'sess_123',
      sts: 'active',
      sub: 'user_123',
      v: 2,
      permissions: null,
    },
    jwk: { use: 'sig', alg: 'RS256' },
    owner: 'user_123',
    scopes: [],
    foreign: { azp: 'https://evil.example.net' },
  },
  {
    provider: 'Supabase',
    token: 'access token (ES256)',
    source: SUPABASE,
    alg: 'ES256',
    header: { typ: 'JWT' },
    claims: supabase,
    jwk: { use: 'sig', alg: 'ES256', key_ops: ['verify'], ext: true },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { iss: 'https://otherproject.supabase.co/auth/v1' },
  },
  {
    provider: 'Supabase',
    token: 'access token (HS256, legacy secret)',
    source: SUPABASE,
    alg: 'HS256',
    header: { typ: 'JWT' },
    claims: supabase,
    more: { JWT_JWKS_URL: '', JWT_SECRET: SUPABASE_SECRET },
    owner: uuid,
    scopes: ['events:publish'],
    foreign: { aud: 'anon', role: 'anon' },
  },
  {
    provider: 'Logto',
    token: 'access token for an API resource',
    source: LOGTO,
    alg: 'ES384',
    header: { typ: 'at+jwt' },
    claims: {
      jti: 'vhC0eLzU-ol8IQ0RuFL5f',
      sub: 'foo123user',
      ...times,
      scope: 'events:publish',
      client_id: 's6BhdRkqt3',
      iss: 'https://example.logto.app/oidc',
      aud: 'https://tidings.example.com',
    },
    jwk: { use: 'sig', alg: 'ES384' },
    owner: 'foo123user',
    scopes: ['events:publish'],
    foreign: { aud: 'https://shop.example.com' },
  },
  {
    provider: 'Zitadel',
    token: 'access token (JWT)',
    source: ZITADEL,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://example.zitadel.cloud',
      sub: '170848145649959169',
      aud: ['170848145649959169@portal', '170842731025825025'],
      ...times,
      nbf: now - 5,
      jti: 'V2_170848145649959169-at_1',
      azp: '170848145649959169@portal',
      'urn:zitadel:iam:org:project:170842731025825025:roles': {
        'events:publish': { '170842731025825000': 'example.zitadel.cloud' },
      },
      // The roles in the project of the application, here of the portal.
      'urn:zitadel:iam:org:project:roles': { admin: { '170842731025825000': 'example.zitadel.cloud' } },
    },
    jwk: { use: 'sig', alg: 'RS256' },
    owner: '170848145649959169',
    scopes: ['events:publish'],
    foreign: { aud: ['170848145649959169@portal', '999'] },
  },
  {
    provider: 'Firebase',
    token: 'ID token',
    source: FIREBASE,
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://securetoken.google.com/my-project',
      aud: 'my-project',
      auth_time: now - 60,
      user_id: 'Xk893u23H9SI893',
      sub: 'Xk893u23H9SI893',
      ...times,
      email: 'alice@example.com',
      email_verified: true,
      firebase: { identities: { email: ['alice@example.com'] }, sign_in_provider: 'password' },
      permissions: ['events:publish'],
    },
    jwk: { use: 'sig', alg: 'RS256' },
    owner: 'Xk893u23H9SI893',
    scopes: ['events:publish'],
    foreign: { iss: 'https://securetoken.google.com/other-project', aud: 'other-project' },
  },
];

/** A key set as providers have it: the key, and others that no token of ours is signed with. */
function keySetOf({ alg = 'RS256', jwk = {} }: Case): string {
  const one = alg === 'HS256' ? keys.RS256 : keys[alg];
  const export_ = (key: KeyObject) => key.export({ format: 'jwk' });
  return JSON.stringify({
    keys: [
      { ...export_(encryption.publicKey), kid: 'encryption', use: 'enc', alg: 'RSA-OAEP' },
      { ...export_(one.publicKey), kid: 'current', ...jwk },
    ],
  });
}

async function sign({ alg = 'RS256', header }: Case, claims: JWTPayload): Promise<string> {
  const key =
    alg === 'HS256'
      ? createSecretKey(Buffer.from(SUPABASE_SECRET))
      : await importJWK(keys[alg].privateKey.export({ format: 'jwk' }), alg);
  return new SignJWT(claims).setProtectedHeader({ ...header, alg, ...(alg === 'HS256' ? {} : { kid: 'current' }) }).sign(key);
}

function verify(one: Case, token: string) {
  const env = { ...settingsOf(one.provider), ...one.more };
  const { source, ...rules } = tokenConfig(readConfig(tokenSettings, env, tokenMistakes));
  const set = parseKeySet(keySetOf(one));
  return verifyToken(token, {
    ...rules,
    findKeys: (header) => Promise.resolve('keys' in source ? source.keys : findKeys(set, header)),
    isRevoked: () => false,
    notBefore: () => undefined,
  });
}

describe.each(CASES)('$provider, $token, of the shape in $source', (one) => {
  let token: string;
  beforeAll(async () => {
    token = await sign(one, one.claims);
  });

  test('is accepted with the settings of docs/identity.md, and names its owner and scopes', async () => {
    expect(await verify(one, token)).toMatchObject({ fault: null, caller: { owner: one.owner, scopes: new Set(one.scopes) } });
  });

  test('is refused when it is for another application or of another issuer', async () => {
    const { fault } = await verify(one, await sign(one, { ...one.claims, ...one.foreign }));
    expect(['audience', 'issuer']).toContain(fault);
  });
});

test('every provider of docs/identity.md is tested, with settings that exist, and checks issuer and audience', () => {
  const section = readPage('docs/identity.md').split('\n## Identity providers\n')[1]?.split(/\n## /)[0] ?? '';
  const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading).filter((one) => one !== SOURCES);
  expect(headings).toEqual([...new Set(CASES.map(({ provider }) => provider))]);
  for (const heading of headings) {
    const env = settingsOf(heading ?? '');
    expect(Object.keys(env).filter((name) => !(name in tokenSettings))).toEqual([]);
    expect(Object.keys(env)).toEqual(expect.arrayContaining(['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE']));
    expect(settingNotices(Object.keys(tokenSettings), env)).toEqual([]);
  }
});

test('the table of sources links the page of each shape in the row of its provider', () => {
  const table =
    readPage('docs/identity.md')
      .split(`\n### ${SOURCES}\n`)[1]
      ?.split(/\n##+ /)[0] ?? '';
  const rowOf = (provider: string) => table.split('\n').find((line) => line.startsWith(`| ${provider} `)) ?? '';
  for (const { provider, source } of CASES) expect(rowOf(provider)).toContain(`](${source})`);
});

test.each([
  ['Entra ID', 'access token of a user (v2)', 'oid', 'owner'],
  ['Clerk', 'session token (version 2)', 'azp', 'audience'],
])("%s's %s is refused without %s, which the provider leaves out in some cases", async (provider, token, claim, reason) => {
  const one = CASES.find((each) => each.provider === provider && each.token === token) as Case;
  const { [claim]: _, ...claims } = one.claims;
  expect(await verify(one, await sign(one, claims))).toMatchObject({ caller: null, fault: reason });
});

test("Supabase's keys for clients and servers, which name nobody, are refused", async () => {
  const one = CASES.find(({ alg }) => alg === 'HS256') as Case;
  for (const role of ['anon', 'service_role']) {
    const token = await sign(one, { iss: 'supabase', ref: 'abcdefghijklmnop', role, iat: now - 5, exp: now + 315_360_000 });
    expect((await verify(one, token)).caller).toBeNull();
  }
});
