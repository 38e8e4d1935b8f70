import { readEventTypeRevisions, readEventTypes, readEventTypeState, type Queryable } from '@tidings/database';
import { InvalidEventError } from '@tidings/events';
import { toEventType, type EventType } from './event-type.js';
import { createSnapshot, type EventTypesSnapshot } from './snapshot.js';
import { StaleEventTypesError } from './stale-event-types-error.js';
import type { ValidEvent } from './valid-event.js';

/**
 * The event types of this process. Whatever is decided by them holds at the time of the decision (decision 0074): accepting compares the
 * revision of each type, and `refresh` is called before something is refused. So processes never disagree about a change that was answered.
 */
export interface EventTypes {
  /** The newest snapshot that this process has read. */
  readonly current: EventTypesSnapshot;
  /** Reads the types that were changed since, if any were: one row otherwise. Calls at the same time share a read that starts after them. */
  refresh: () => Promise<EventTypesSnapshot>;
  /**
   * Validates drafts and passes them to `use`, again if a type is changed meanwhile. Throws an `InvalidEventError` only if the
   * drafts are not valid by the types as they are at this time, and the errors of `use`.
   */
  withValidEvents: <Result>(
    drafts: readonly unknown[],
    list: string | undefined,
    use: (events: ValidEvent[]) => Promise<Result>,
  ) => Promise<Result>;
}

/** Types may be changed again and again while an event waits for its commit; a call gives up after so many. */
const MAX_TRIES = 20;

/** Creates the event types of a process: none before the first `refresh`. */
export function createEventTypes(sql: Queryable): EventTypes {
  let current = createSnapshot('', new Map());
  let running: Promise<EventTypesSnapshot> | undefined;
  let next: Promise<EventTypesSnapshot> | undefined;

  const read = async (): Promise<EventTypesSnapshot> => {
    if ((await readEventTypeState(sql)) === current.state) return current;
    const { state, revisions } = await readEventTypeRevisions(sql);
    const known = new Map<string, EventType>();
    for (const [name, revision] of revisions) {
      const type = current.byName.get(name);
      if (type?.revision === revision) known.set(name, type);
    }
    const changed = [...revisions.keys()].filter((name) => !known.has(name));
    if (changed.length > 0) for (const row of await readEventTypes(sql, changed)) known.set(row.name, toEventType(row));
    current = createSnapshot(state, new Map([...known].sort(([one], [other]) => (one < other ? -1 : 1))));
    return current;
  };

  const start = (): Promise<EventTypesSnapshot> => {
    running = read().finally(() => {
      running = undefined;
    });
    return running;
  };

  /** A read that is running may have begun before a change that the caller knows of, so callers during it wait for one more. */
  const refresh = (): Promise<EventTypesSnapshot> => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };

  const validate = async (drafts: readonly unknown[], list: string | undefined): Promise<ValidEvent[]> => {
    const before = current;
    try {
      return before.validate(drafts, list);
    } catch (error) {
      if (!(error instanceof InvalidEventError)) throw error;
      const newest = await refresh();
      if (newest === before) throw error;
      return newest.validate(drafts, list);
    }
  };

  return {
    get current() {
      return current;
    },
    refresh,
    async withValidEvents(drafts, list, use) {
      for (let tries = 1; ; tries += 1) {
        const events = await validate(drafts, list);
        try {
          return await use(events);
        } catch (error) {
          if (!(error instanceof StaleEventTypesError) || tries === MAX_TRIES) throw error;
          await refresh();
        }
      }
    },
  };
}
