import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventStore } from '@tidings/client';

/** Identifies a stored position: each combination of server, owner and types has its own. */
export interface ResumeKey {
  /** The server's URL. */
  server: string;
  owner: string;
  /** Sorted patterns of event types; an empty list means all types. */
  types: readonly string[];
}

/** The position in the event log after which forwarding resumes. */
export interface ResumePosition extends EventStore {
  /**
   * Returns the id of the last forwarded event, or null when there is no file. Throws an error that names the file when it cannot
   * be read.
   */
  load: () => string | null;
  /** Stores the id of the last forwarded event. */
  save: (id: string) => void;
}

/** Opens the position that is stored in a file under `<folder>/listen`. */
export function openResumePosition(folder: string, { server, owner, types }: ResumeKey): ResumePosition {
  const key = JSON.stringify([server, owner, types]);
  const positionsFolder = join(folder, 'listen');
  const file = join(positionsFolder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  return {
    load() {
      try {
        const { last_event_id: id } = JSON.parse(readFileSync(file, 'utf8')) as { last_event_id: string };
        return id;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw new Error(`The position of the last forwarded event cannot be read from ${file}. Repair the file or remove it.`, {
          cause: error,
        });
      }
    },
    save(id) {
      mkdirSync(positionsFolder, { recursive: true, mode: 0o700 });
      // Written to another file and renamed: a half-written file would lose the position.
      const unfinished = `${file}.${String(process.pid)}`;
      writeFileSync(unfinished, `${JSON.stringify({ server, owner, types, last_event_id: id })}\n`, { mode: 0o600 });
      renameSync(unfinished, file);
    },
  };
}
