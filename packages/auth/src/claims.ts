import { OWNER_ID } from '@tidings/events';
import { readClaim, type ClaimName } from './claim-names.js';

/** The rules of the claims of a valid token. */
export interface ClaimRules {
  /** The accepted values of `iss`. Empty: `iss` is not checked. */
  issuers: readonly string[];
  /** The accepted values of the claim that names the audience. Empty: it is not checked. */
  audiences: readonly string[];
  /** The claim that names the audience, such as `aud`. */
  audienceClaim: ClaimName;
  /** The claim that names the owner, such as `sub`. */
  ownerClaim: ClaimName;
  /** The claims that may hold the scopes. The first one that is present counts, and no other. */
  scopeClaims: readonly ClaimName[];
  /** Whether a claim of scopes may also be an object, whose names are the scopes: only one that an operator chose. */
  scopesMayBeNames: boolean;
  /** Removed from each scope; scopes without it do not count. Empty: scopes are as the token has them. */
  scopePrefix: string;
  /** How far in the future `exp` may be, in seconds. */
  maxLifetimeS: number;
  /** How far clocks may differ, in seconds. */
  clockToleranceS: number;
  /** Whether tokens without `jti`, which cannot be revoked, are refused. */
  requireTokenId: boolean;
}

/** Why a claim makes its token invalid. */
export type ClaimFault =
  'expiry' | 'lifetime' | 'expired' | 'not_yet_valid' | 'issuer' | 'audience' | 'owner' | 'scope' | 'token_id' | 'revoked';

/** The judgement of one claim. */
export interface ClaimJudgement {
  /** The name of the claim: `exp`. */
  claim: string;
  /** Null: the claim is right. */
  fault: ClaimFault | null;
  /** Says the fact, in words for an operator. It repeats the value of the claim. */
  fact: () => string;
}

/** What the claims of a valid token say. */
export interface ClaimValues {
  owner: string;
  scopes: ReadonlySet<string>;
  /** `exp`, in Unix seconds. */
  exp: number;
  /** The token's `jti`; undefined when it has none. */
  tokenId: string | undefined;
  /** `iat`, in Unix seconds; undefined when the token has none. */
  issuedAt: number | undefined;
}

/** What is revoked, as a process knows it. */
export interface Revoked {
  /** Returns whether the token with this `jti` was revoked. */
  isRevoked: (tokenId: string) => boolean;
  /** Returns the time before which the owner's tokens are revoked, in Unix seconds; undefined: none are. */
  notBefore: (owner: string) => number | undefined;
}

/** Returns whether a token is revoked: by its `jti`, or with all tokens that its owner had. */
export function isTokenRevoked(
  { owner, tokenId, issuedAt }: Pick<ClaimValues, 'owner' | 'tokenId' | 'issuedAt'>,
  { isRevoked, notBefore }: Revoked,
): boolean {
  return (tokenId !== undefined && isRevoked(tokenId)) || isTooOld(issuedAt, notBefore(owner));
}

/** Without `iat`, nothing shows that the token is younger than the revocation. */
function isTooOld(issuedAt: number | undefined, notBefore: number | undefined): boolean {
  return notBefore !== undefined && (issuedAt === undefined || issuedAt < notBefore);
}

/** The form of a `jti`. */
export const TOKEN_ID = /^[\x21-\x7e]{1,256}$/;

/**
 * Judges every claim that Tidings reads (RFC 7519, 4.1), each by itself. The values are those of a valid token, and null when a
 * claim is wrong.
 *
 * @param nowS the time, in Unix seconds
 */
export function judgeClaims(
  claims: Record<string, unknown>,
  rules: ClaimRules & Revoked,
  nowS: number,
): { judgements: ClaimJudgement[]; values: ClaimValues | null } {
  const { exp, jti } = claims;
  const owner = readClaim(claims, rules.ownerClaim);
  const scopes = readScopes(claims, rules);
  const judgements = [
    judgeExp(exp, rules, nowS),
    judgeStart('nbf', claims['nbf'], rules, nowS),
    judgeIssued(claims['iat'], typeof owner === 'string' ? rules.notBefore(owner) : undefined, rules, nowS),
    judgeIssuer(claims['iss'], rules),
    judgeAudience(readClaim(claims, rules.audienceClaim), rules),
    judgeOwner(owner, rules),
    scopes.judgement,
    judgeTokenId(jti, rules),
  ];
  const isValid = judgements.every(({ fault }) => fault === null);
  const values = {
    owner: owner as string,
    scopes: new Set(scopes.names),
    exp: exp as number,
    tokenId: jti as string | undefined,
    issuedAt: claims['iat'] as number | undefined,
  };
  return { judgements, values: isValid ? values : null };
}

/** Whether a claim is a time in Unix seconds: a number, which may have a fraction (RFC 7519, 2, NumericDate). */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function judgeExp(exp: unknown, { maxLifetimeS, clockToleranceS }: ClaimRules, nowS: number): ClaimJudgement {
  const judged = judgementOf('exp');
  if (!isTime(exp)) return judged('expiry', () => `is ${shown(exp)}, and must be a time in Unix seconds`);
  const words = () => `is ${dateOf(exp)}, ${distanceOf(exp, nowS)}`;
  if (nowS >= exp + clockToleranceS) return judged('expired', words);
  if (exp > nowS + maxLifetimeS + clockToleranceS) {
    const hint = exp > 1e11 ? '; it may be in milliseconds' : '';
    return judged(
      'lifetime',
      () => `${words()}, but at most ${String(maxLifetimeS)} s ahead are allowed (JWT_MAX_LIFETIME_S)${hint}`,
    );
  }
  return judged(null, words);
}

function judgeStart(claim: 'nbf' | 'iat', value: unknown, { clockToleranceS }: ClaimRules, nowS: number): ClaimJudgement {
  const judged = judgementOf(claim);
  if (value === undefined) return judged(null, () => 'is absent, which is allowed');
  if (!isTime(value)) return judged('not_yet_valid', () => `is ${shown(value)}, and must be a time in Unix seconds`);
  return judged(value > nowS + clockToleranceS ? 'not_yet_valid' : null, () => `is ${dateOf(value)}, ${distanceOf(value, nowS)}`);
}

function judgeIssued(iat: unknown, notBefore: number | undefined, rules: ClaimRules, nowS: number): ClaimJudgement {
  const judged = judgeStart('iat', iat, rules, nowS);
  if (judged.fault !== null || !isTooOld(iat as number | undefined, notBefore)) return judged;
  return {
    ...judged,
    fault: 'revoked',
    fact: () => `${judged.fact()}; the owner's tokens before ${dateOf(Number(notBefore))} are revoked`,
  };
}

function judgeIssuer(iss: unknown, { issuers }: ClaimRules): ClaimJudgement {
  const judged = judgementOf('iss');
  if (issuers.length === 0) return judged(null, () => `is ${shown(iss)}; it is not checked, because JWT_ISSUER is not set`);
  const isAccepted = typeof iss === 'string' && issuers.includes(iss);
  return judged(isAccepted ? null : 'issuer', () => `is ${shown(iss)}; JWT_ISSUER is ${shownList(issuers)}`);
}

function judgeAudience(value: unknown, { audiences, audienceClaim }: ClaimRules): ClaimJudgement {
  const judged = judgementOf(audienceClaim.text);
  if (audiences.length === 0) return judged(null, () => `is ${shown(value)}; it is not checked, because JWT_AUDIENCE is not set`);
  const isAccepted = listOf(value).some((one) => typeof one === 'string' && audiences.includes(one));
  return judged(isAccepted ? null : 'audience', () => `is ${shown(value)}; JWT_AUDIENCE is ${shownList(audiences)}`);
}

function judgeOwner(owner: unknown, { ownerClaim }: ClaimRules): ClaimJudgement {
  const judged = judgementOf(ownerClaim.text);
  if (typeof owner === 'string' && OWNER_ID.test(owner)) return judged(null, () => `is ${shown(owner)}: the owner`);
  return judged(
    'owner',
    () => `is ${shown(owner)}; the owner must be text of 1 to 255 characters without control characters (JWT_OWNER_CLAIM)`,
  );
}

function judgeTokenId(jti: unknown, { requireTokenId, isRevoked }: ClaimRules & Revoked) {
  const judged = judgementOf('jti');
  if (jti === undefined) {
    return judged(requireTokenId ? 'token_id' : null, () =>
      requireTokenId ? 'is absent, and JWT_REQUIRE_JTI demands it' : 'is absent: the token cannot be revoked',
    );
  }
  if (typeof jti !== 'string' || !TOKEN_ID.test(jti)) {
    return judged('token_id', () => `is ${shown(jti)}, and must be text of 1 to 256 visible ASCII characters`);
  }
  return judged(isRevoked(jti) ? 'revoked' : null, () => `is ${shown(jti)}`);
}

function readScopes(claims: Record<string, unknown>, { scopeClaims, scopesMayBeNames, scopePrefix }: ClaimRules) {
  // Only the first one counts: with a union, a claim that nobody looks at could add rights.
  const present = scopeClaims.find((name) => readClaim(claims, name) !== undefined);
  const absent = scopeClaims.map(({ text }) => text).join(', ');
  if (present === undefined) {
    return { names: [], judgement: judgementOf('scopes')(null, () => `are none: the token has no ${absent}`) };
  }
  const judged = judgementOf(present.text);
  const value = readClaim(claims, present);
  const inClaim = scopesIn(value, scopesMayBeNames);
  if (inClaim === null) {
    return { names: [], judgement: judged('scope', () => `is ${shown(value)}; scopes must be text or a list of texts`) };
  }
  const names = inClaim.filter((name) => name.startsWith(scopePrefix)).map((name) => name.slice(scopePrefix.length));
  const prefix = scopePrefix === '' ? '' : ` (JWT_SCOPE_PREFIX is ${shown(scopePrefix)})`;
  const fact = () =>
    `${names.length === 0 ? 'has no scopes' : `has the scopes ${names.map((name) => shown(name)).join(', ')}`}${prefix}`;
  return { names, judgement: judged(null, fact) };
}

/** Returns the names in a claim of scopes: text with spaces between (RFC 8693, 4.2), or a list. Null for any other value. */
function scopesIn(value: unknown, mayBeNames: boolean): string[] | null {
  if (value === null) return [];
  if (typeof value === 'string') return value.split(' ').filter((name) => name !== '');
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string') ? value : null;
  // Zitadel's roles: {"admin": {"<organisation>": "<domain>"}}. Other objects may say no by their values: {"admin": false}.
  const isNames = typeof value === 'object' && Object.values(value).every((inner) => typeof inner === 'object' && inner !== null);
  return mayBeNames && isNames ? Object.keys(value) : null;
}

const judgementOf =
  (claim: string) =>
  (fault: ClaimFault | null, fact: () => string): ClaimJudgement => ({ claim, fault, fact });

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const MAX_SHOWN = 200;
function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
const shownList = (values: readonly string[]): string => values.map((value) => shown(value)).join(' or ');

const MAX_DATE_S = 8.64e12;
const dateOf = (seconds: number): string =>
  seconds <= MAX_DATE_S ? new Date(seconds * 1000).toISOString() : `${String(seconds)} s`;

const UNITS = [
  [86_400, 'days'],
  [3600, 'hours'],
  [60, 'minutes'],
  [1, 'seconds'],
] as const;
function distanceOf(time: number, nowS: number): string {
  const distance = Math.abs(time - nowS);
  const [size, unit] = UNITS.find(([size]) => distance >= 2 * size) ?? [1, 'seconds'];
  const text = `${String(Math.round(distance / size))} ${unit}`;
  return time > nowS ? `in ${text}` : `${text} ago`;
}
