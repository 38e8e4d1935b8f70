import { MAX_CLOCK_TOLERANCE_S, readTokenToRevoke, type TokenRules } from '@tidings/auth';
import type { NewRevocation, RevocationDetails } from '@tidings/database';
import { invalid, Problem } from '../problems/problem.js';
import { encodeRevocation, type Revocations } from './revocations.js';

/** What is to be revoked. */
export type RevocationTarget = { token: string } | { jti: string } | { owner: string; notBefore: Date | undefined };

/**
 * Revokes tokens. Resolves when PostgreSQL has the revocation and this process refuses the tokens; other processes follow within
 * a second. Throws a `Problem` for a token without a `jti`, and when there are too many revocations.
 *
 * @param actor the operator, for the audit log
 */
export type Revoke = (target: RevocationTarget, actor: string) => Promise<RevocationDetails>;

interface RevokeParts {
  token: Pick<TokenRules, 'algorithms' | 'findKeys' | 'ownerClaim'>;
  write: (revocation: NewRevocation, actor: string) => Promise<RevocationDetails[]>;
  revocations: Pick<Revocations, 'size' | 'max' | 'add'>;
  /** Announces a revocation to all processes. */
  announce: (message: string) => Promise<unknown>;
  /** Called after a revocation, to end streams. */
  onRevoked: () => void;
}

/**
 * How much longer than its `exp` a token is revoked, in seconds: the largest `JWT_CLOCK_TOLERANCE_S`, for which it is still
 * accepted, and as much for clocks that differ.
 */
const MARGIN_S = 2 * MAX_CLOCK_TOLERANCE_S;
/** Later ends are no times of PostgreSQL, and count as unknown. The end of the year 9999. */
const LAST_S = 253_402_300_799;

/** Creates the function that revokes tokens. */
export function createRevoke({ token: rules, write, revocations, announce, onRevoked }: RevokeParts): Revoke {
  const toRevocation = async (target: RevocationTarget): Promise<NewRevocation> => {
    if ('owner' in target) {
      const { owner, notBefore } = target;
      return { kind: 'owner', subject: owner, notBefore: notBefore ? notBefore.getTime() / 1000 : null, endsAt: null, owner };
    }
    if ('jti' in target) return { kind: 'token', subject: target.jti, notBefore: null, endsAt: null, owner: null };
    const read = await readTokenToRevoke(target.token, rules);
    if (read === null) {
      const message =
        'is not a whole JWT with a jti of 1 to 256 visible ASCII characters: revoke all tokens of its owner instead ("owner")';
      throw invalid([{ field: 'token', message }]);
    }
    const { tokenId, exp, owner } = read;
    const endsAt = exp !== null && exp + MARGIN_S <= LAST_S ? exp + MARGIN_S : null;
    return { kind: 'token', subject: tokenId, notBefore: null, endsAt, owner };
  };

  return async (target, actor) => {
    const revocation = await toRevocation(target);
    if (revocations.size >= revocations.max) {
      throw new Problem(409, 'Too many revocations', {
        detail: `There are ${revocations.max.toLocaleString('en')} revocations, the most that processes hold. Rotate the key that signs the tokens.`,
      });
    }
    const written = (await write(revocation, actor))[0] as RevocationDetails;
    revocations.add(written);
    onRevoked();
    // A process that does not hear it reads the revocation from PostgreSQL.
    announce(encodeRevocation(written)).catch(() => undefined);
    return written;
  };
}
