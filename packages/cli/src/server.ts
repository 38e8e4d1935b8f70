import type { Command } from 'commander';
import jwt from 'jsonwebtoken';
import { createClient, type Client } from '@tidings/client';
import { EXIT, Failure, reasonOf, wrongUsage } from './failure.js';
import type { Io } from './io.js';
import { refusal } from './problem.js';

/** Of every command that asks the server. */
export interface ServerOptions {
  url?: string;
  token?: string;
  json?: boolean;
}

/** The API, in the name of whoever has the token. */
export interface Server extends Client {
  /** Of the API, without a slash at the end. */
  url: string;
  token: string;
  /** Whom the token names. */
  owner: string;
}

/** What openapi-fetch answers with. */
interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

const DEFAULT_URL = 'http://localhost:3000';

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON for scripts');
}

/** Adds the options that say where the server is, and in whose name. */
export function withServer(command: Command): Command {
  return withJson(command)
    .option('--url <url>', `the server (default: TIDINGS_URL, or ${DEFAULT_URL})`)
    .option('--token <token>', 'a token for it (default: TIDINGS_TOKEN)');
}

/** Where the server is: `--url`, `TIDINGS_URL`, or this machine. Throws a `Failure` when it is no URL. */
export function serverUrl({ url }: ServerOptions, { env }: Pick<Io, 'env'>): string {
  const text = url || env['TIDINGS_URL'] || DEFAULT_URL;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw wrongUsage(`"${text}" is not the URL of a server: give --url or TIDINGS_URL as ${DEFAULT_URL}.`);
  }
  return text.replace(/\/+$/, '');
}

/** Opens the API. Nothing is sent yet. Throws a `Failure` when there is no token, or one that names nobody. */
export function openServer(options: ServerOptions, io: Pick<Io, 'env'>): Server {
  const url = serverUrl(options, io);
  const token = (options.token || io.env['TIDINGS_TOKEN'] || '').trim();
  if (token === '') {
    throw wrongUsage(
      'there is no token. Set TIDINGS_TOKEN or give --token; "npx tidings token --sub you" makes one for development.',
    );
  }
  const owner = subjectOf(token);
  if (owner === undefined) {
    throw wrongUsage('the token is not a JWT with a "sub". Set TIDINGS_TOKEN or --token to the whole token, without "Bearer".');
  }
  return { ...createClient({ url, token }), url, token, owner };
}

function subjectOf(token: string): string | undefined {
  try {
    return jwt.decode(token, { json: true })?.sub;
  } catch {
    return undefined;
  }
}

/**
 * The data of a successful answer. Throws a `Failure` for any other: with the problem document, or why there was none.
 *
 * @param call a call of `server.api`
 */
export async function ask<Data>(server: Pick<Server, 'url'>, call: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw unreachable(server.url, cause);
  });
  if (!response.ok) throw refusal(response.status, error);
  return data as Data;
}

/** There was no answer that could be read. */
function unreachable(url: string, cause: unknown): Failure {
  const message =
    cause instanceof SyntaxError
      ? `${url} did not answer as Tidings does. Check --url or TIDINGS_URL.`
      : `${url} cannot be reached: ${reasonOf(cause)}. Check --url or TIDINGS_URL, and whether the API runs.`;
  return new Failure(EXIT.unreachable, message, {}, { cause });
}
