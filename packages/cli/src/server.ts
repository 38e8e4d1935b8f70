import type { Command } from 'commander';
import jwt from 'jsonwebtoken';
import { parseClaimName, readClaim } from '@tidings/auth';
import { createClient, type Client } from '@tidings/client';
import { EXIT, Failure, reasonOf, usageError } from './failure.js';
import type { Io } from './io.js';
import { refusal } from './problem.js';

/** Options of every command that calls the API. */
export interface ServerOptions {
  url?: string;
  token?: string;
  json?: boolean;
}

/** A typed client of one API server with one token. */
export interface Server extends Client {
  /** Base URL of the API, without a slash at the end. */
  url: string;
  token: string;
  /** The owner that the token names: its `sub`, or the claim of JWT_OWNER_CLAIM. */
  owner: string;
}

/** The result of an openapi-fetch call. */
interface FetchResult<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

const DEFAULT_URL = 'http://localhost:3000';

/** Adds the option `--json`. */
export function withJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON for scripts');
}

/** Adds the options `--url`, `--token` and `--json`. */
export function withServerOptions(command: Command): Command {
  return withJsonOption(command)
    .option('--url <url>', `base URL of the API (default: TIDINGS_URL, or ${DEFAULT_URL})`)
    .option('--token <token>', 'token for the API (default: TIDINGS_TOKEN)');
}

/** Returns the base URL of the API: `--url`, `TIDINGS_URL`, or the default on this machine. Throws a `Failure` when it is not a URL. */
export function serverUrl({ url }: ServerOptions, { env }: Pick<Io, 'env'>): string {
  const text = url || env['TIDINGS_URL'] || DEFAULT_URL;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw usageError(`"${text}" is not the URL of a server. Set --url or TIDINGS_URL, for example to ${DEFAULT_URL}.`);
  }
  return text.replace(/(?<!\/)\/+$/, '');
}

/** Creates a client of the API; sends no request. Throws a `Failure` when the token is missing, or is not a JWT that names an owner. */
export function openServer(options: ServerOptions, io: Pick<Io, 'env'>): Server {
  const url = serverUrl(options, io);
  const token = (options.token || io.env['TIDINGS_TOKEN'] || '').trim();
  if (token === '') {
    throw usageError(
      'there is no token. Set TIDINGS_TOKEN or give --token; "npx tidings token --sub alice" creates one for development.',
    );
  }
  const claim = io.env['JWT_OWNER_CLAIM'] || 'sub';
  const owner = ownerOf(token, claim);
  if (owner === undefined) {
    throw usageError(
      `the token is not a JWT with a "${claim}". Set TIDINGS_TOKEN or --token to the whole token, without "Bearer"; JWT_OWNER_CLAIM names another claim.`,
    );
  }
  return { ...createClient({ url, token }), url, token, owner };
}

function ownerOf(token: string, claim: string): string | undefined {
  try {
    const owner = readClaim(jwt.decode(token, { json: true }) ?? {}, parseClaimName(claim));
    return typeof owner === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the data of a successful response. Throws a `Failure` for an error response, with its problem document, and when there is
 * no response, with the reason.
 *
 * @param call a call of `server.api`
 */
export async function unwrap<Data>(server: Pick<Server, 'url'>, call: Promise<FetchResult<Data>>): Promise<Data> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw unreachable(server.url, cause);
  });
  if (!response.ok) throw refusal(response.status, error);
  return data as Data;
}

/** Creates the failure for a missing or unreadable response. */
function unreachable(url: string, cause: unknown): Failure {
  const message =
    cause instanceof SyntaxError
      ? `The response of ${url} is not JSON, so it is not from Tidings. Check --url or TIDINGS_URL.`
      : `${url} cannot be reached: ${reasonOf(cause)}. Check --url or TIDINGS_URL, and whether the API runs.`;
  return new Failure(EXIT.unreachable, message, {}, { cause });
}
