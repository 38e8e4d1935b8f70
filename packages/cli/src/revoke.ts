import { Command, Option } from 'commander';
import { usageError } from './failure.js';
import { printResult, type Io } from './io.js';
import { parseTime } from './option-values.js';
import { openServer, unwrap, withServerOptions, type ServerOptions } from './server.js';

interface RevokeOptions extends ServerOptions {
  sub?: string;
  notBefore?: Date;
  expiresIn?: string;
}

/**
 * `tidings revoke`: revokes a token, the token with a `jti`, or all tokens of an owner, through the API. Within a second every API
 * process refuses them.
 */
export function revokeCommand(io: Io): Command {
  const command = withServerOptions(new Command('revoke'))
    .description(
      'Revoke tokens before they expire: every API process refuses them and ends their streams. Needs a token with the scope admin',
    )
    .argument('[token]', 'the token to revoke, or its jti')
    .option('--sub <owner>', 'all tokens of this owner, as the tokens name it, that were issued until now')
    .option(
      '--not-before <time>',
      'with --sub: only those issued before this time: 15m (ago), or 2026-11-24T10:00:00Z',
      parseTime,
    )
    .addOption(new Option('--expires-in <duration>', 'ignored, as the end of a token is not believed').hideHelp());

  return command.action(async (text: string | undefined, options: RevokeOptions) => {
    const { sub: owner, notBefore, expiresIn, json } = options;
    if ((text === undefined) === (owner === undefined)) throw usageError('give either a token (or its jti), or --sub <owner>.');
    if (notBefore !== undefined && owner === undefined) throw usageError('--not-before goes with --sub only.');
    if (expiresIn !== undefined) io.err('--expires-in is ignored: a revocation lasts as long as the token can.');
    const server = openServer(options, io);
    const body =
      owner === undefined ? targetOf(String(text).trim()) : { owner, ...(notBefore && { not_before: notBefore.toISOString() }) };
    const revocation = await unwrap(server, server.api.POST('/api/admin/revocations', { body }));
    const { jti, not_before: since, ends_at: endsAt } = revocation;
    printResult(io, json, revocation, () =>
      jti === null
        ? `Revoked all tokens of ${String(revocation.owner)} that were issued before ${String(since)}, and those without iat.`
        : `Revoked ${jti} ${endsAt === null ? 'for good: when it ends is not proved' : `until ${endsAt}, when it has ended`}.`,
    );
  });
}

/** A JWT begins with the Base64url of `{"`. */
const JWT = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

function targetOf(text: string): { token: string } | { jti: string } {
  if (JWT.test(text)) return { token: text };
  if (/^eyJ|\s/.test(text)) {
    throw usageError('this is neither a whole token nor a jti. Give the whole token, without "Bearer", or its jti.');
  }
  return { jti: text };
}
