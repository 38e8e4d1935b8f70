import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { compressOnce, sendCompressed, type Compressed } from '../http/compressed.js';
import type { Describe } from './described-types.js';
import type { WriteDocument } from './document.js';
import { createPause } from './pause.js';

interface WrittenDocument {
  revision: string;
  content: Compressed;
  etag: string;
}

/**
 * Creates the handler of a route that serves a document of the event types. The document is written again when the revision of the
 * types has changed, once for all requests that wait for it, and is in memory otherwise.
 */
export function createDocumentHandler(
  describe: Describe,
  write: WriteDocument,
): (request: Request, response: Response) => Promise<void> {
  let current: WrittenDocument | undefined;
  let writing: Promise<WrittenDocument> | undefined;

  const read = async (): Promise<WrittenDocument> => {
    for (;;) {
      const described = await describe();
      if (current?.revision === described.revision) return current;
      if (writing === undefined) {
        writing = writeDocument(described.revision, () => write(described)).finally(() => (writing = undefined));
        return (current = await writing);
      }
      // After it, the types may have changed again.
      await writing;
    }
  };

  return async (request, response) => {
    const { content, etag } = await read();
    // Express answers 304 to a request that names the ETag.
    response.set({ etag, 'cache-control': 'no-cache' }).type('json');
    sendCompressed(request, response, content);
  };
}

async function writeDocument(revision: string, write: () => Promise<readonly string[]>): Promise<WrittenDocument> {
  const parts = await write();
  const pause = createPause();
  const digest = createHash('sha256');
  const bytes: Buffer[] = [];
  for (const part of parts) {
    const added = Buffer.from(part);
    digest.update(added);
    bytes.push(added);
    await pause();
  }
  // Weak: it is the same for the compressed form.
  const etag = `W/"${encodeURIComponent(revision)}-${digest.digest('base64url').slice(0, 16)}"`;
  return { revision, content: await compressOnce(Buffer.concat(bytes)), etag };
}
