import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { secretKey } from '@tidings/secrets';
import { verify } from '@tidings/signing';
import { EXIT, Failure, reasonOf, usageError } from './failure.js';
import { printResult, type Io } from './io.js';
import { parseSeconds } from './option-values.js';
import { withJsonOption } from './server.js';

interface VerifyOptions {
  secret?: string;
  id: string;
  timestamp: string;
  signature: string;
  tolerance: number;
  age: boolean;
  json?: boolean;
}

/** The default of the Standard Webhooks libraries, in seconds. */
const TOLERANCE_S = 300;

/**
 * `tidings verify`: verifies the signature of a webhook, offline. The body comes from a file or from standard input, with exactly the
 * bytes that were received. Exits with 1 when the signature does not match or the timestamp is out of tolerance.
 */
export function verifyCommand(io: Io): Command {
  return withJsonOption(new Command('verify'))
    .description('Verify the signature of a webhook, offline; the body comes from a file or from standard input')
    .argument('[file]', 'the body with the bytes that were received (default: standard input)')
    .option('--secret <secret>', "the webhook's secret, whsec_… (default: WEBHOOK_SECRET)")
    .requiredOption('--id <id>', 'the header webhook-id')
    .requiredOption('--timestamp <seconds>', 'the header webhook-timestamp')
    .requiredOption('--signature <signatures>', 'the header webhook-signature: v1,…')
    .option(
      '--tolerance <duration>',
      'maximum difference between the timestamp and this clock (default: 5m)',
      parseSeconds,
      TOLERANCE_S,
    )
    .option('--no-age', 'accept any age, for a stored webhook')
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const { id, timestamp: text, signature } = options;
      const key = readKey(options.secret || io.env['WEBHOOK_SECRET']);
      if (!/^\d{1,15}$/.test(text))
        throw usageError('--timestamp must be the number of seconds in the header webhook-timestamp.');
      const timestamp = Number(text);
      const body = file === undefined ? await io.stdin() : await readBody(resolve(io.folder, file));
      const matches = verify({ id, timestamp, body, keys: [key], signature });
      const ageS = Math.round(Date.now() / 1000) - timestamp;
      const isTimely = !options.age || Math.abs(ageS) <= options.tolerance;
      const reason = !matches
        ? `the signature does not match the id, the timestamp, the secret and this body of ${String(body.length)} bytes`
        : isTimely
          ? null
          : `the signature matches, but the timestamp is ${ageS > 0 ? `${String(ageS)} s old` : `${String(-ageS)} s ahead of this clock`}`;
      const result = { valid: reason === null, signature_matches: matches, age_s: ageS, reason };
      printResult(io, options.json, result, () => (reason === null ? '✓ valid' : `✗ not valid: ${reason}`));
      if (reason !== null) throw new Failure(EXIT.failed, options.json ? reason : '');
    });
}

function readKey(secret: string | undefined): Buffer {
  if (!secret) throw usageError('there is no secret. Set --secret or WEBHOOK_SECRET.');
  try {
    return secretKey(secret);
  } catch (error) {
    throw usageError(`--secret is wrong: ${reasonOf(error)}.`);
  }
}

async function readBody(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw usageError(`the body cannot be read: ${reasonOf(error)}.`);
  });
}
