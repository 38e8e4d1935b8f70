import { createHash } from 'node:crypto';
import type { Pause } from './pause.js';

/**
 * Creates a writer of the pieces of a document, such as one for each event type. A piece whose entry is the same as the last time
 * is not written again.
 *
 * @param write writes the piece of an entry, which is a JSON value
 */
export function createPieceWriter<Entry, Piece>(
  write: (entry: Entry) => Piece,
): (entries: readonly Entry[], pause: Pause) => Promise<Piece[]> {
  let last = new Map<string, Piece>();
  return async (entries, pause) => {
    const current = new Map<string, Piece>();
    const pieces: Piece[] = [];
    for (const entry of entries) {
      const key = createHash('sha256').update(JSON.stringify(entry)).digest('base64');
      const piece = last.get(key) ?? write(entry);
      current.set(key, piece);
      pieces.push(piece);
      await pause();
    }
    last = current;
    return pieces;
  };
}

/** Writes the members of an object as JSON text, without its braces. */
export function membersOf(object: object): string {
  return JSON.stringify(object).slice(1, -1);
}

/** Puts commas between texts. */
export function separated(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => (index === 0 ? [text] : [',', text]));
}
