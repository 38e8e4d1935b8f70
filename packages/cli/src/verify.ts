import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { secretKey } from '@tidings/secrets';
import { verify } from '@tidings/signing';
import { EXIT, Failure, reasonOf, wrongUsage } from './failure.js';
import { show, type Io } from './io.js';
import { seconds } from './moment.js';
import { withJson } from './server.js';

interface VerifyOptions {
  secret?: string;
  id: string;
  timestamp: string;
  signature: string;
  tolerance: number;
  age: boolean;
  json?: boolean;
}

/** As the libraries of Standard Webhooks have it, in seconds. */
const TOLERANCE_S = 300;

/**
 * `tidings verify`: whether a webhook is genuine, offline. The body comes from a file or from standard input, byte by byte as it
 * was received. Exits with 1 when it is not, or is too old.
 */
export function verifyCommand(io: Io): Command {
  return withJson(new Command('verify'))
    .description('Check the signature of a webhook, offline; the body comes from a file or from standard input')
    .argument('[file]', 'the body as it was received (default: standard input)')
    .option('--secret <secret>', "the webhook's secret, whsec_… (default: WEBHOOK_SECRET)")
    .requiredOption('--id <id>', 'the header webhook-id')
    .requiredOption('--timestamp <seconds>', 'the header webhook-timestamp')
    .requiredOption('--signature <signatures>', 'the header webhook-signature: v1,…')
    .option('--tolerance <duration>', 'how old it may be, or ahead (default: 5m)', seconds, TOLERANCE_S)
    .option('--no-age', 'accept any age, for one that was kept')
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const { id, timestamp: text, signature } = options;
      const key = readKey(options.secret || io.env['WEBHOOK_SECRET']);
      if (!/^\d{1,15}$/.test(text)) throw wrongUsage('--timestamp is the number of seconds in the header webhook-timestamp.');
      const timestamp = Number(text);
      const body = file === undefined ? await io.stdin() : await read(resolve(io.folder, file));
      const genuine = verify({ id, timestamp, body, keys: [key], signature });
      const ageS = Math.round(Date.now() / 1000) - timestamp;
      const timely = !options.age || Math.abs(ageS) <= options.tolerance;
      const reason = !genuine
        ? `the signature is not that of these ${String(body.length)} bytes with this id, timestamp and secret`
        : timely
          ? null
          : `the signature is right, but ${ageS > 0 ? `${String(ageS)} s old` : `${String(-ageS)} s ahead of this clock`}`;
      const result = { valid: reason === null, signature_matches: genuine, age_s: ageS, reason };
      show(io, options.json, result, () => (reason === null ? '✓ genuine' : `✗ not valid: ${reason}`));
      if (reason !== null) throw new Failure(EXIT.failed, options.json ? reason : '');
    });
}

function readKey(secret: string | undefined): Buffer {
  if (!secret) throw wrongUsage('there is no secret: give --secret or WEBHOOK_SECRET.');
  try {
    return secretKey(secret);
  } catch (error) {
    throw wrongUsage(`--secret is wrong: ${reasonOf(error)}.`);
  }
}

async function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw wrongUsage(`the body cannot be read: ${reasonOf(error)}.`);
  });
}
