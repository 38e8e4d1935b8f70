import type { Queryable } from '../src/database.js';
import { readReplayChunk, type ReplayChunk, type ReplayFilter } from '../src/sql/replay-deliveries.js';

/** Returns all chunks of the deliveries that a filter selects. */
export async function planReplay(sql: Queryable, filter: ReplayFilter): Promise<ReplayChunk[]> {
  const chunks: ReplayChunk[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { chunk, cursor: next } = await readReplayChunk(sql, filter, cursor);
    if (chunk) chunks.push(chunk);
    cursor = next;
  }
  return chunks;
}
