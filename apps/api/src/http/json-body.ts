import { isUtf8 } from 'node:buffer';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { InvalidJsonError, parseJson, shorten } from '@tidings/events';
import { invalid, Problem } from '../problems/problem.js';

/** The maximum size of a body, in bytes: of published events, and of all others, whose fields are few and short. */
export const MAX_BODY = { events: 1_048_576, other: 32_768 };
/**
 * The maximum number of chunks in which a body comes. A megabyte in chunks of one byte took 1.4 s of CPU, and decompression
 * takes 20 µs for each; what is sent with a length comes in a few hundred.
 */
const MAX_CHUNKS = 5000;
const JSON_TYPE = 'application/json';
/** RFC 9110, 8.3.2. UTF-8 is the only encoding of JSON between systems (RFC 8259, 8.1). */
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const UTF_8 = /^utf-?8$/i;
const BYTE_ORDER_MARK = /^\ufeff/;

/**
 * Reads a JSON body, as `parseJson` does. An empty body, and one of another type, is undefined.
 *
 * Throws a 413 for more than `maxBytes`, measured after decompression (gzip, deflate, br), a 415 for a charset other than UTF-8, and a
 * 400 for a body that is not UTF-8, not JSON, comes in more than 5,000 chunks, or holds what `parseJson` refuses: the problem names
 * each place.
 */
export const jsonBodies = (maxBytes: number): RequestHandler[] => [
  (request, response, next) => {
    if (request.is(JSON_TYPE)) {
      checkCharset(request);
      boundChunks(request, response, next);
    }
    next();
  },
  express.raw({ limit: maxBytes, type: JSON_TYPE }),
  (request, _response, next) => {
    const bytes: unknown = request.body;
    request.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? parseBody(bytes) : undefined;
    next();
  },
];

/** Answers a body of too many chunks, and closes its connection: express reads a body to its end before it passes an error on. */
function boundChunks(request: Request, response: Response, next: NextFunction): void {
  let chunks = 0;
  const count = (): void => {
    chunks += 1;
    if (chunks <= MAX_CHUNKS) return;
    request.off('data', count);
    response.setHeader('connection', 'close');
    next(
      new Problem(400, 'The body has too many chunks', {
        detail: `The body comes in more than ${String(MAX_CHUNKS)} chunks. Send it with a Content-Length, or in larger chunks.`,
      }),
    );
  };
  request.on('data', count);
}

function checkCharset(request: Request): void {
  const charset = CHARSET.exec(request.get('content-type') ?? '')?.[1];
  if (charset === undefined || UTF_8.test(charset)) return;
  throw new Problem(415, 'The character set is not supported', {
    detail: `The body is declared as "${shorten(charset)}". Send it as UTF-8, with "Content-Type: application/json".`,
  });
}

function parseBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) {
    throw new Problem(400, 'The body is not UTF-8', { detail: 'Encode the body as UTF-8: it holds bytes that are not.' });
  }
  try {
    return parseJson(bytes.toString().replace(BYTE_ORDER_MARK, ''));
  } catch (error) {
    if (error instanceof InvalidJsonError) throw invalid(error.errors);
    if (error instanceof SyntaxError) {
      throw new Problem(400, 'The body is not JSON', { detail: `The body could not be parsed as JSON: ${error.message}.` });
    }
    throw error;
  }
}
