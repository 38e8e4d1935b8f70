import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventStore } from '@tidings/client';

/** Whose place in the log it is: another server, user or selection of types has another one. */
export interface PlaceOwner {
  /** The server's URL. */
  server: string;
  user: string;
  /** Sorted patterns; none: all. */
  types: readonly string[];
}

/** The place in the log behind which forwarding goes on. */
export interface Place extends EventStore {
  /** The id of the last event that was forwarded, or null when nothing is known. */
  load: () => string | null;
  save: (id: string) => void;
}

/** Keeps the place in a file below the folder, so that it outlives the process. */
export function openPlace(folder: string, { server, user, types }: PlaceOwner): Place {
  const owner = JSON.stringify([server, user, types]);
  const places = join(folder, 'listen');
  const file = join(places, `${createHash('sha256').update(owner).digest('hex').slice(0, 32)}.json`);
  return {
    load() {
      try {
        const { last_event_id: id } = JSON.parse(readFileSync(file, 'utf8')) as { last_event_id: string };
        return id;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw new Error(`The place where forwarding ended cannot be read from ${file}. Repair the file or remove it.`, {
          cause: error,
        });
      }
    },
    save(id) {
      mkdirSync(places, { recursive: true, mode: 0o700 });
      // Renamed into place: a file that is half written would lose the place.
      const unfinished = `${file}.${String(process.pid)}`;
      writeFileSync(unfinished, `${JSON.stringify({ server, user, types, last_event_id: id })}\n`, { mode: 0o600 });
      renameSync(unfinished, file);
    },
  };
}
