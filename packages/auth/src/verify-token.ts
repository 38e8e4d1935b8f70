import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { OWNER_ID } from '@tidings/events';
import type { Algorithm } from './algorithms.js';
import { readClaim } from './claim-names.js';
import { judgeClaims, TOKEN_ID, type ClaimFault, type ClaimJudgement, type ClaimRules, type Revoked } from './claims.js';
import { isCanonical, readJsonObject } from './read-json-object.js';

/** The caller of a request, as its token names it. */
export interface Caller {
  /** The token's `sub`, or the claim that names the owner instead. */
  owner: string;
  scopes: ReadonlySet<string>;
  /** The time from which the token is no longer accepted, in Unix milliseconds: its `exp` plus the allowed difference of clocks. */
  expiresAt: number;
  /** The token's `jti`, by which it can be revoked; undefined when it has none. */
  tokenId: string | undefined;
  /** The token's `iat`, in Unix seconds; undefined when it has none. */
  issuedAt: number | undefined;
}

/** Finds the keys that may verify a token with this header; empty when there is none. */
export type FindKeys = (header: { alg: Algorithm; kid: string | undefined }) => Promise<readonly KeyObject[]>;

/** The rules of valid tokens. */
export interface TokenRules extends ClaimRules, Revoked {
  /** The algorithms that are accepted. A token's `alg` cannot add to them. */
  algorithms: readonly Algorithm[];
  findKeys: FindKeys;
}

/** Why a token is refused. For logs: an answer never says it. */
export type TokenFault = 'malformed' | 'header' | 'algorithm' | 'key_unknown' | 'signature' | ClaimFault;

/** The result of a verification. */
export type Verdict = { caller: Caller; fault: null } | { caller: null; fault: TokenFault };

/** The judgement of one part of a token: `key`, `signature`, or a claim. */
export interface TokenJudgement extends Omit<ClaimJudgement, 'claim' | 'fault'> {
  part: string;
  fault: TokenFault | null;
}

const MAX_TOKEN_BYTES = 8192;
/** The accepted values of `typ` (RFC 7519, 5.1; RFC 9068, 2.1). */
const TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

/**
 * Verifies a token. jsonwebtoken verifies the signature, or `jose` that of EdDSA. The rest follows RFC 8725, which jsonwebtoken
 * does not (measured with 9.0.3: it accepts a missing `exp`, an `exp` in milliseconds, an `iat` in the future, a missing `sub`,
 * `crit`, another `typ`, and names that occur twice).
 */
export async function verifyToken(token: string, rules: TokenRules): Promise<Verdict> {
  const judgements: TokenJudgement[] = [];
  const caller = await judgeToken(token, rules, (judgement) => {
    judgements.push(judgement);
    return judgement.fault === null;
  });
  if (caller !== null) return { caller, fault: null };
  return { caller: null, fault: judgements.find(({ fault }) => fault !== null)?.fault ?? 'malformed' };
}

/** Explains a token part by part, also those behind a part that is wrong. The facts contain its claims, and never its signature. */
export async function explainToken(token: string, rules: TokenRules): Promise<TokenJudgement[]> {
  const judgements: TokenJudgement[] = [];
  await judgeToken(token, rules, (judgement) => {
    judgements.push(judgement);
    return true;
  });
  return judgements;
}

/** Judges the parts of a token in their order, as long as `onJudged` returns true. Returns the caller of a valid token. */
async function judgeToken(
  token: string,
  rules: TokenRules,
  onJudged: (judgement: TokenJudgement) => boolean,
): Promise<Caller | null> {
  const judge = (part: string, fault: TokenFault | null, fact: string | (() => string)): boolean =>
    onJudged({ part, fault, fact: typeof fact === 'string' ? () => fact : fact });
  const parts = readToken(token);
  if (parts === null) {
    judge('format', 'malformed', 'is not that of a signed JWT: three parts in base64url, JSON without names that occur twice');
    return null;
  }
  const { header, claims } = parts;
  const alg = rules.algorithms.find((name) => name === header['alg']);
  const accepted = rules.algorithms.join(', ');
  if (!judge('alg', alg ? null : 'algorithm', () => `is ${JSON.stringify(header['alg'])}; accepted are ${accepted}`)) return null;
  const isPlain = isPlainHeader(header);
  const others = () => (isPlain ? 'is plain' : `has a typ that is not accepted, a kid that is no text, or one of ${UNSUPPORTED}`);
  if (!judge('header', isPlain ? null : 'header', others)) return null;

  let isSigned = false;
  if (alg !== undefined) {
    const kid = isPlain ? (header['kid'] as string | undefined) : undefined;
    const keys = await rules.findKeys({ alg, kid });
    const named = () => (kid === undefined ? 'is not named by the token' : `is named ${JSON.stringify(kid)} by the token (kid)`);
    const found = () =>
      `${named()}; ${keys.length === 0 ? 'no configured key fits, or several do' : `keys that fit: ${String(keys.length)}`}`;
    if (!judge('key', keys.length > 0 ? null : 'key_unknown', found)) return null;
    isSigned = keys.length > 0 && (await isSignedWithOneOf(keys, token, alg));
    const signature = isSigned ? 'is genuine' : 'was not made with a key that fits, or the token was changed';
    if (keys.length > 0 && !judge('signature', isSigned ? null : 'signature', signature)) return null;
  }

  const { judgements, values } = judgeClaims(claims, rules, Date.now() / 1000);
  for (const { claim, fault, fact } of judgements) if (!judge(claim, fault, fact)) return null;
  if (values === null || !isSigned || !isPlain) return null;
  const { exp, ...caller } = values;
  return { ...caller, expiresAt: Math.floor((exp + rules.clockToleranceS) * 1000) };
}

/** What a token that is to be revoked says about itself. */
export interface TokenToRevoke {
  tokenId: string;
  /** Its `exp`, in Unix seconds, if its signature is genuine; null: when it ends is not known. */
  exp: number | null;
  /** Its owner, if its signature is genuine. */
  owner: string | null;
}

/**
 * Reads a token that is to be revoked, whether it is valid or not. Its `jti` counts in any case: a revocation too many refuses
 * no other token. All else counts only if a key that verifies tokens now has signed it. Returns null for a text that is no token, or a
 * token without `jti`.
 */
export async function readTokenToRevoke(
  token: string,
  { algorithms, findKeys, ownerClaim }: Pick<TokenRules, 'algorithms' | 'findKeys' | 'ownerClaim'>,
): Promise<TokenToRevoke | null> {
  const parts = readToken(token);
  const { jti: tokenId, exp } = parts?.claims ?? {};
  if (parts === null || typeof tokenId !== 'string' || !TOKEN_ID.test(tokenId)) return null;
  const { header, claims } = parts;
  const alg = algorithms.find((name) => name === header['alg']);
  if (alg === undefined || !isPlainHeader(header)) return { tokenId, exp: null, owner: null };
  // A key set that cannot be loaded verifies nothing: the token is revoked all the same.
  const keys = await findKeys({ alg, kid: header['kid'] as string | undefined }).catch(() => []);
  if (!(await isSignedWithOneOf(keys, token, alg))) return { tokenId, exp: null, owner: null };
  const owner = readClaim(claims, ownerClaim);
  return {
    tokenId,
    exp: typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? exp : null,
    owner: typeof owner === 'string' && OWNER_ID.test(owner) ? owner : null,
  };
}

function readToken(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } | null {
  if (token.length > MAX_TOKEN_BYTES) return null;
  // Split into at most four parts, to see that there are more than three: decoding 8 KB of dots as parts took 50 ms (measured).
  const [head = '', body = '', signature = '', ...rest] = token.split('.', 4);
  if (rest.length > 0 || !isCanonical(signature)) return null;
  const [header, claims] = [readJsonObject(head), readJsonObject(body)];
  return header && claims && { header, claims };
}

async function isSignedWithOneOf(keys: readonly KeyObject[], token: string, alg: Algorithm): Promise<boolean> {
  for (const key of keys) if (await isSignedWith(key, token, alg)) return true;
  return false;
}

async function isSignedWith(key: KeyObject, token: string, alg: Algorithm): Promise<boolean> {
  try {
    if (alg === 'EdDSA' || alg === 'Ed25519') await compactVerify(token, key, { algorithms: [alg] });
    // The times may have fractions, and jsonwebtoken reads its clock in whole seconds: judgeClaims compares them.
    else jwt.verify(token, key, { algorithms: [alg], ignoreExpiration: true, ignoreNotBefore: true });
    return true;
  } catch {
    return false;
  }
}

/** Headers that change how a token is read: RFC 7515, 4.1.11; RFC 7797; nested, compressed and encrypted tokens. */
const UNSUPPORTED_HEADERS = ['crit', 'b64', 'cty', 'zip', 'enc'];
const UNSUPPORTED = UNSUPPORTED_HEADERS.join(', ');

/** Whether nothing in a header changes how the token is read. Keys in it, or URLs of keys (`jwk`, `jku`, `x5u`), are never used. */
function isPlainHeader(header: Record<string, unknown>): boolean {
  const { typ, kid } = header;
  if (typ !== undefined && typeof typ !== 'string') return false;
  if (!TYPES.includes(typ?.toLowerCase())) return false;
  return !UNSUPPORTED_HEADERS.some((name) => name in header) && (kid === undefined || typeof kid === 'string');
}
