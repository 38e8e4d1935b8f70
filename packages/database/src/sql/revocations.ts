import type { Queryable } from '../database.js';
import { deleteOlder } from './delete-older.js';

/** What is revoked: the token with a `jti`, or the tokens of an owner. */
export interface Revocation {
  kind: 'token' | 'owner';
  /** The `jti`, or the owner. */
  subject: string;
  /** Of an owner: tokens with an earlier `iat`, or without one, are refused. In Unix seconds. */
  notBefore: number | null;
  /** Of a token: when no process accepts it any more, whatever is revoked, in Unix seconds; null: its end is not known. */
  endsAt: number | null;
}

/** A revocation as the table has it. */
export interface LoggedRevocation extends Revocation {
  /** The number of its last change. Numbers become visible in their order. */
  change: number;
  /** When it was revoked, in Unix seconds: after PostgreSQL was put back, another revocation of the subject may have the number. */
  at: number;
}

/** A revocation with its origin. */
export interface RevocationDetails extends Omit<LoggedRevocation, 'at'> {
  revokedAt: Date;
  /** The operator; null: it was carried over from Redis. */
  revokedBy: string | null;
}

const COLUMNS = `kind, subject, change::float8 AS change, extract(epoch FROM not_before)::float8 AS "notBefore",
  extract(epoch FROM ends_at)::float8 AS "endsAt"`;
const DETAILS = `${COLUMNS}, revoked_at AS "revokedAt", revoked_by AS "revokedBy"`;

/** Reads the revocations whose last change has this number or a higher one, in the order of their changes. */
export async function readRevocations(
  sql: Queryable,
  { from, limit }: { from: number; limit: number },
): Promise<LoggedRevocation[]> {
  const { rows } = await sql.query<LoggedRevocation>({
    name: 'read_revocations',
    text: `
      SELECT ${COLUMNS}, extract(epoch FROM revoked_at)::float8 AS at FROM revocations
      WHERE change >= $1 ORDER BY revocations.change LIMIT $2`,
    values: [from, limit],
  });
  return rows;
}

/** Selects revocations. */
export interface RevocationFilter {
  /** Only the one of this kind and subject. Default: all. */
  of?: Pick<Revocation, 'kind' | 'subject'> | undefined;
  /** Only those with an earlier change. */
  before?: number | undefined;
  limit: number;
}

/** Lists revocations with their origins, the last change first. */
export async function listRevocations(sql: Queryable, { of, before, limit }: RevocationFilter): Promise<RevocationDetails[]> {
  const { rows } = await sql.query<RevocationDetails>({
    name: `list_revocations${of === undefined ? '' : '_of_subject'}`,
    text: `
      SELECT ${DETAILS} FROM revocations
      WHERE change < $1 ${of === undefined ? '' : 'AND kind = $3 AND subject = $4'}
      ORDER BY revocations.change DESC LIMIT $2`,
    values: [before ?? Number.MAX_SAFE_INTEGER, limit, ...(of === undefined ? [] : [of.kind, of.subject])],
  });
  return rows;
}

/** A revocation to write. */
export interface NewRevocation {
  kind: Revocation['kind'];
  subject: string;
  /** Of an owner; null: the time of the commit. In Unix seconds. */
  notBefore: number | null;
  endsAt: number | null;
  /** The owner of the token, for the audit log; null: not known. */
  owner: string | null;
}

/**
 * Writes revocations in one commit, and returns them. Nothing that was revoked becomes valid: of two ends the later one counts,
 * an unknown end counts as the latest, and of two times of an owner the later one counts.
 *
 * A lock (`lock_class`) that is held until the commit makes the numbers of changes visible in their order, so that a reader that has read up to
 * a number has missed no earlier one.
 *
 * @param actor the operator, whom the audit log records; null: they are carried over, and the audit log has nothing new
 */
export async function writeRevocations(
  sql: Queryable,
  revocations: readonly NewRevocation[],
  actor: string | null,
): Promise<RevocationDetails[]> {
  const { rows } = await sql.query<RevocationDetails>({
    name: 'write_revocations',
    text: `
      WITH locked AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(lock_class(), 4)
      ), offered AS MATERIALIZED (
        SELECT kind, subject, max(owner) AS owner,
          CASE WHEN kind = 'owner' THEN max(coalesce(to_timestamp(not_before), clock_timestamp())) END AS not_before,
          CASE WHEN count(ends_at) = count(*) THEN to_timestamp(max(ends_at)) END AS ends_at
        FROM locked, unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::text[])
          AS offered (kind, subject, not_before, ends_at, owner)
        GROUP BY kind, subject
      ), written AS (
        INSERT INTO revocations AS known (kind, subject, change, not_before, ends_at, revoked_by)
        SELECT kind, subject, nextval('revocations_change_seq'), not_before, ends_at, $6 FROM offered
        ON CONFLICT (kind, subject) DO UPDATE SET
          change = excluded.change, not_before = greatest(known.not_before, excluded.not_before),
          ends_at = CASE WHEN known.ends_at IS NOT NULL AND excluded.ends_at IS NOT NULL THEN greatest(known.ends_at, excluded.ends_at) END
        RETURNING *
      ), audited AS (
        INSERT INTO audit_log (actor, actor_kind, action, owner, details)
        SELECT $6, 'operator', CASE kind WHEN 'token' THEN 'token.revoked' ELSE 'tokens.revoked' END,
          CASE kind WHEN 'token' THEN offered.owner ELSE subject END,
          CASE kind WHEN 'token' THEN jsonb_build_object('jti', jsonb_build_object('to', subject))
            ELSE jsonb_build_object('tokens_not_before', jsonb_build_object('to', written.not_before)) END
        FROM written JOIN offered USING (kind, subject) WHERE $6::text IS NOT NULL
      )
      SELECT ${DETAILS} FROM written ORDER BY written.change`,
    values: [
      revocations.map(({ kind }) => kind),
      revocations.map(({ subject }) => subject),
      revocations.map(({ notBefore }) => notBefore),
      revocations.map(({ endsAt }) => endsAt),
      revocations.map(({ owner }) => owner),
      actor,
    ],
  });
  return rows;
}

/** How long the rows of ended tokens stay, in seconds, so that a process whose clock is behind still finds them. */
const KEPT_S = 86_400;

/** Removes the revocations of tokens that ended more than a day ago, batch by batch. */
export async function removeEndedRevocations(sql: Queryable, isStopping?: () => boolean): Promise<void> {
  const before = "now() - $2::float8 * interval '1 s'";
  await deleteOlder(sql, { table: 'revocations', before, value: KEPT_S }, isStopping);
}
