import type { IncomingHttpHeaders } from 'node:http';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>;

/** Creates the decoder of a content coding (RFC 9110, 8.4.1) that is given only the beginning of a body. */
const DECODERS = new Map<string, (chunkSize: number) => Decoder>(
  Object.entries({
    gzip: (chunkSize) => createGunzip({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH }),
    'x-gzip': (chunkSize) => createGunzip({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH }),
    deflate: (chunkSize) => createInflate({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH }),
    br: (chunkSize) => createBrotliDecompress({ chunkSize, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
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
  const createDecoder = body.length === 0 ? undefined : DECODERS.get(coding);
  const bytes = createDecoder === undefined ? body.subarray(0, maxBytes) : await decompress(createDecoder, body, maxBytes);
  return toText(bytes, headers['content-type'] ?? '').replaceAll('\0', '\ufffd');
}

/** Decompresses up to `maxBytes`. A body that is not what it says is returned as it is, or as far as it could be decompressed. */
function decompress(createDecoder: (chunkSize: number) => Decoder, body: Buffer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const decoder = createDecoder(maxBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      // Stops it: what was written and not yet decompressed is dropped.
      decoder.destroy();
      resolve(Buffer.concat(size > 0 ? chunks : [body]).subarray(0, maxBytes));
    };
    decoder.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) finish();
    });
    decoder.on('error', finish);
    decoder.on('end', finish);
    decoder.end(body);
  });
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
