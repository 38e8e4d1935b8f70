import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

const compress = promisify(gzip);

/** A content in the two forms in which clients accept it. */
export interface Compressed {
  plain: Buffer;
  compressed: Buffer;
}

/** Compresses a content once for all its responses, in a thread of its own. */
export async function compressOnce(plain: Buffer): Promise<Compressed> {
  return { plain, compressed: await compress(plain) };
}

/** Sends a content in the form that the client accepts. */
export function sendCompressed(request: Request, response: Response, { plain, compressed }: Compressed): void {
  response.vary('accept-encoding');
  if (request.acceptsEncodings('gzip') === false) response.send(plain);
  else response.set('content-encoding', 'gzip').send(compressed);
}
