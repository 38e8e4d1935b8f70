import type { IncomingHttpHeaders } from 'node:http';
import {
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzipSync,
  inflateSync,
} from 'node:zlib';

type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>;

interface Coding {
  /** Creates the decoder for a body of which only the beginning is given. */
  create: (chunkSize: number) => Decoder;
  /** Decompresses a whole body. Throws for one that breaks off. */
  decompressWhole: (body: Buffer) => Buffer;
}

const GZIP: Coding = {
  create: (chunkSize) => createGunzip({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH }),
  decompressWhole: (body) => gunzipSync(body),
};
/** The content codings (RFC 9110, 8.4.1) that are decompressed. */
const CODINGS = new Map<string, Coding>(
  Object.entries({
    gzip: GZIP,
    'x-gzip': GZIP,
    deflate: {
      create: (chunkSize: number) => createInflate({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH }),
      decompressWhole: (body: Buffer) => inflateSync(body),
    },
    br: {
      create: (chunkSize: number) => createBrotliDecompress({ chunkSize, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
      decompressWhole: (body: Buffer) => brotliDecompressSync(body),
    },
  }),
);

/**
 * Returns the beginning of a response's body as text: decompressed, and decoded by its charset, which is UTF-8 when the response
 * names none that is known. PostgreSQL's text cannot hold NUL, so NUL and invalid bytes become U+FFFD.
 *
 * @param body the beginning of the body as it was received
 * @param maxBytes how much is returned, in bytes before they are decoded to text: a body that decompresses to more is
 *   decompressed no further
 */
export async function decodeBody(body: Buffer, headers: IncomingHttpHeaders, maxBytes: number): Promise<string> {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  const known = body.length === 0 ? undefined : CODINGS.get(coding);
  const bytes = known === undefined ? body.subarray(0, maxBytes) : await decompress(known, body, maxBytes);
  return toText(bytes, headers['content-type'] ?? '').replaceAll('\0', '\ufffd');
}

/** Decompresses up to `maxBytes`. A body that is not what it says is returned as it is, or as far as it could be decompressed. */
function decompress(coding: Coding, body: Buffer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const decoder = coding.create(maxBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (parts: Buffer[]): void => {
      // Stops it: what was written and not yet decompressed is dropped.
      decoder.destroy();
      resolve(Buffer.concat(parts).subarray(0, maxBytes));
    };
    decoder.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) finish(chunks);
    });
    decoder.on('error', () => {
      finish(size > 0 ? chunks : [body]);
    });
    decoder.on('end', () => {
      finish(size > 0 || isEmpty(coding, body) ? chunks : [body]);
    });
    decoder.end(body);
  });
}

/** Whether a body that decompresses to nothing is empty, and not the beginning of something else. */
function isEmpty({ decompressWhole }: Coding, body: Buffer): boolean {
  try {
    return decompressWhole(body).length === 0;
  } catch {
    return false;
  }
}

function toText(bytes: Buffer, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (/^utf-?8$/i.test(charset)) return bytes.toString('utf8');
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}
