import { z } from 'zod';
import { MAX_CLOCK_TOLERANCE_S, TOKEN_ID } from '@tidings/auth';
import { listRevocations, type Queryable, type RevocationDetails } from '@tidings/database';
import { OWNER_ID, OWNER_ID_RULE } from '@tidings/events';
import type { Revoke } from '../auth/revoke.js';
import { CURSOR_RULE, readCursor } from '../http/cursor.js';
import { page, pageOf, toPage } from '../http/pages.js';
import { time } from '../http/time.js';
import { route, type Route } from '../openapi/route.js';
import { invalid } from '../problems/problem.js';
import { ADMIN } from './scope.js';

const revocationJson = z
  .strictObject({
    jti: z.string().nullable().describe('The `jti` of the revoked token; null: tokens of an owner are revoked.'),
    owner: z.string().nullable().describe('The owner whose tokens are revoked; null: one token is revoked.'),
    not_before: z
      .date()
      .nullable()
      .describe('Tokens of the owner with an earlier `iat`, or without one, are refused; null: one token is revoked.'),
    ends_at: z
      .date()
      .nullable()
      .describe('When the revocation is forgotten, because the token has ended; null: its end is not proved, and it stays.'),
    revoked_at: z.date(),
    revoked_by: z.string().nullable().describe('The operator; null: an earlier version of Tidings kept it in Redis.'),
  })
  .meta({ id: 'Revocation' });

const JTI_RULE = 'must be 1 to 256 visible ASCII characters';
const TARGET_RULE = 'exactly one of token, jti and owner must be given';
/** The clock of an issuer may be ahead by as much. */
const MAX_AHEAD_MS = MAX_CLOCK_TOLERANCE_S * 1000;

const newRevocation = z
  .strictObject({
    token: z.string().min(1, 'must be a token').max(8192, 'must have at most 8,192 characters').optional().meta({
      description: 'The token itself. If its signature is genuine, the revocation ends after the token.',
    }),
    jti: z.string().regex(TOKEN_ID, JTI_RULE).optional().meta({ description: 'The `jti` of the token.' }),
    owner: z
      .string()
      .regex(OWNER_ID, OWNER_ID_RULE)
      .optional()
      .meta({ description: 'The owner, as tokens name them: all tokens that were issued before `not_before` are revoked.' }),
    not_before: time
      .optional()
      .meta({ description: 'With `owner`. Default: now. An earlier time than that of an earlier revocation changes nothing.' }),
  })
  .meta({ id: 'NewRevocation' });

/** The name of the list, for its cursors. */
const LIST = 'revocations';
const CHANGE = /^\d{1,15}$/;

interface RevocationRoutesParts {
  sql: Queryable;
  revoke: Revoke;
}

/** The routes with which operators revoke tokens, and list what is revoked. */
export function revocationRoutes({ sql, revoke }: RevocationRoutesParts): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/api/admin/revocations',
        operationId: 'revokeTokens',
        summary: 'Revokes a token, or all tokens of an owner',
        description:
          'After the response this process refuses the tokens and has ended their streams, and every other process within a second. A revocation cannot be taken back.',
        access: ADMIN,
        body: { schema: newRevocation, example: { jti: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' } },
        responses: {
          201: { description: 'The revocation.', schema: revocationJson },
          409: { description: 'There are too many revocations.' },
        },
      },
      async ({ caller, body }, response) => {
        response.status(201).json(toJson(await revoke(targetOf(body), caller.owner)));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/admin/revocations',
        operationId: 'listRevocations',
        summary: 'What is revoked, the latest first',
        access: ADMIN,
        query: z.strictObject({
          ...page,
          jti: z
            .string()
            .regex(TOKEN_ID, JTI_RULE)
            .optional()
            .meta({ description: 'Returns only the revocation of this token.' }),
          owner: z
            .string()
            .regex(OWNER_ID, OWNER_ID_RULE)
            .optional()
            .meta({ description: 'Returns only the revocation of the tokens of this owner.' }),
        }),
        responses: { 200: { description: 'A page of revocations.', schema: pageOf(revocationJson) } },
      },
      async ({ query: { limit, cursor, jti, owner } }, response) => {
        if (jti !== undefined && owner !== undefined) throw invalid([{ field: 'jti', message: 'must not be given with owner' }]);
        const before = readCursor(LIST, cursor);
        // A checksum is no signature: the id may be anything.
        if (before !== undefined && !CHANGE.test(before)) throw invalid([{ field: 'cursor', message: CURSOR_RULE }]);
        const rows = await listRevocations(sql, {
          of:
            owner !== undefined
              ? { kind: 'owner', subject: owner }
              : jti === undefined
                ? undefined
                : { kind: 'token', subject: jti },
          before: before === undefined ? undefined : Number(before),
          limit: limit + 1,
        });
        const withIds = rows.map((row) => ({ ...row, id: String(row.change) }));
        response.json(toPage(withIds, { list: LIST, limit }, toJson));
      },
    ),
  ];
}

/** Returns what is to be revoked. Throws a 400 for fields that do not go together. */
function targetOf({ token, jti, owner, not_before: notBefore }: z.output<typeof newRevocation>) {
  const given = [token, jti, owner].filter((value) => value !== undefined);
  const [field = 'token'] = Object.entries({ token, jti, owner })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (given.length !== 1) throw invalid([{ field, message: TARGET_RULE }]);
  if (notBefore !== undefined && owner === undefined) throw invalid([{ field: 'not_before', message: 'goes with owner only' }]);
  if (notBefore !== undefined && notBefore.getTime() > Date.now() + MAX_AHEAD_MS) {
    const message = 'must not be more than five minutes ahead: a revocation cannot be taken back';
    throw invalid([{ field: 'not_before', message }]);
  }
  if (owner !== undefined) return { owner, notBefore };
  return jti === undefined ? { token: String(token) } : { jti };
}

function toJson({ kind, subject, notBefore, endsAt, revokedAt, revokedBy }: RevocationDetails): z.output<typeof revocationJson> {
  return {
    jti: kind === 'token' ? subject : null,
    owner: kind === 'owner' ? subject : null,
    not_before: notBefore === null ? null : new Date(notBefore * 1000),
    ends_at: endsAt === null ? null : new Date(endsAt * 1000),
    revoked_at: revokedAt,
    revoked_by: revokedBy,
  };
}
