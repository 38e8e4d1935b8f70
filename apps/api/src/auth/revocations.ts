import { z } from 'zod';
import { TOKEN_ID, type Revoked } from '@tidings/auth';
import type { LoggedRevocation, NewRevocation, Revocation } from '@tidings/database';
import { OWNER_ID } from '@tidings/events';

/** A process's copy of what is revoked: checking a token takes no round trip, and works while PostgreSQL is away. */
export interface Revocations extends Revoked {
  /** The number of revocations in the copy. */
  readonly size: number;
  /** The most revocations that the copy holds: beyond them none can be made. */
  readonly max: number;
  /**
   * Reads the revocations that were written since the last call, all at the first one. Rejects while PostgreSQL is away; the copy
   * then stays in use.
   */
  refresh: () => Promise<void>;
  /** Adds a revocation that another process announced, before the copy is read again. */
  add: (revocation: Revocation) => void;
  /** Forgets tokens that have ended, which no process accepts any more. */
  forgetEnded: () => void;
}

interface RevocationsParts {
  /** Reads revocations from a change on, in the order of their changes. */
  read: (page: { from: number; limit: number }) => Promise<LoggedRevocation[]>;
  /** Writes revocations that PostgreSQL has lost. */
  write: (revocations: readonly NewRevocation[]) => Promise<unknown>;
  /** The number of revocations on a page. Default 5,000. */
  pageSize?: number;
  /** The most revocations that the copy holds. Default 1,000,000. */
  max?: number | undefined;
}

const PAGE_SIZE = 5000;
/** A process holds revocations in about 100 bytes each (docs/identity.md). */
const MAX_REVOCATIONS = 1_000_000;

/**
 * Creates the copy of a process, which is empty until the first refresh. A token that was revoked never becomes valid again: when
 * PostgreSQL comes back without its newest commits (a failover, a restored backup), the copy writes the lost ones again.
 */
export function createRevocations({ read, write, pageSize = PAGE_SIZE, max = MAX_REVOCATIONS }: RevocationsParts): Revocations {
  /** By `jti`: the end of the token, in Unix seconds; infinite when it is not known. */
  const tokens = new Map<string, number>();
  const owners = new Map<string, number>();
  /** The last revocation that was read: each read begins with it, and shows whether PostgreSQL still has it. */
  let last: LoggedRevocation | undefined;
  /** Whether the last revocation has gone, and all are yet to be read again. */
  let isBroken = false;

  const add = ({ kind, subject, notBefore, endsAt }: Revocation): void => {
    const isNew = !(kind === 'token' ? tokens : owners).has(subject);
    if (isNew && tokens.size + owners.size >= max) return;
    if (kind === 'token') tokens.set(subject, Math.max(tokens.get(subject) ?? 0, endsAt ?? Infinity));
    else owners.set(subject, Math.max(owners.get(subject) ?? 0, notBefore ?? 0));
  };

  /** Reads to the end of the table. Returns false when it no longer begins with the last revocation. */
  const follow = async (onRead: (revocation: LoggedRevocation) => void): Promise<boolean> => {
    for (;;) {
      const rows: LoggedRevocation[] = await read({ from: last?.change ?? 0, limit: pageSize });
      const [first] = rows;
      const isLast = first?.change === last?.change && first?.subject === last?.subject && first?.at === last?.at;
      if (last !== undefined && !isLast) return false;
      for (const row of rows) {
        add(row);
        onRead(row);
      }
      last = rows.at(-1) ?? last;
      if (rows.length < pageSize) return true;
    }
  };

  /** Reads all again, after the last revocation has gone: its row was changed or removed, or PostgreSQL has lost it. */
  const readAgain = async (): Promise<void> => {
    const lost = new Map<string, NewRevocation>();
    for (const [subject, endsAt] of tokens) {
      lost.set(`token ${subject}`, {
        kind: 'token',
        subject,
        notBefore: null,
        endsAt: Number.isFinite(endsAt) ? endsAt : null,
        owner: null,
      });
    }
    for (const [subject, notBefore] of owners) {
      lost.set(`owner ${subject}`, { kind: 'owner', subject, notBefore, endsAt: null, owner: null });
    }
    last = undefined;
    const isWhole = await follow(({ kind, subject }) => lost.delete(`${kind} ${subject}`));
    if (isWhole && lost.size > 0) await write([...lost.values()]);
    isBroken = !isWhole;
  };

  return {
    get size() {
      return tokens.size + owners.size;
    },
    max,
    isRevoked: (tokenId) => tokens.has(tokenId),
    notBefore: (owner) => owners.get(owner),
    add,
    async refresh() {
      isBroken ||= !(await follow(() => undefined));
      if (isBroken) await readAgain();
    },
    forgetEnded() {
      const now = Date.now() / 1000;
      for (const [tokenId, endsAt] of tokens) if (endsAt < now) tokens.delete(tokenId);
    },
  };
}

/** The Redis channel on which processes announce revocations. */
export const revocationsChannel = (prefix: string): string => `${prefix}:revocations`;

const announced = z.union([
  z.strictObject({
    kind: z.literal('token'),
    subject: z.string().regex(TOKEN_ID),
    notBefore: z.null(),
    endsAt: z.number().nullable(),
  }),
  z.strictObject({
    kind: z.literal('owner'),
    subject: z.string().regex(OWNER_ID),
    notBefore: z.number(),
    endsAt: z.null(),
  }),
]);

/** Returns the message that announces a revocation. */
export function encodeRevocation({ kind, subject, notBefore, endsAt }: Revocation): string {
  return JSON.stringify({ kind, subject, notBefore, endsAt });
}

/** Returns the revocation of a message; null for a text that announces none. */
export function decodeRevocation(message: string): Revocation | null {
  try {
    return announced.parse(JSON.parse(message));
  } catch {
    return null;
  }
}
