import { NO_EVENT_TYPES_YET, type EventTypeChange } from '@tidings/database';
import type { ChangeEventTypes } from './change-event-types.js';
import type { EventTypeInput } from './event-type-input.js';
import type { EventTypes } from './event-types.js';
import { InvalidEventTypeError } from './invalid-event-type-error.js';
import { planPut } from './plan-put.js';

interface Log {
  info: (message: string, details: object) => void;
  warn: (message: string, details: object) => void;
}

/**
 * Writes the types of a new installation: all or none, and only while no type was ever written. A platform that archived one of them
 * does not get it back.
 */
async function installFirstEventTypes(change: ChangeEventTypes, inputs: readonly EventTypeInput[]): Promise<void> {
  await change((snapshot) => {
    if (snapshot.state !== NO_EVENT_TYPES_YET) return null;
    const writes = inputs.flatMap((input) => planPut(snapshot, input).write ?? []);
    const write: EventTypeChange = {
      types: writes.flatMap(({ types }) => types),
      versions: writes.flatMap(({ versions }) => versions),
      audit: writes.flatMap(({ audit }) => audit),
    };
    return { write };
  }, null);
}

/**
 * Writes the types of the setting EVENT_TYPES, each by itself. A change that breaks publishers or receivers, as an older file after a
 * rollback makes, is logged and not written, and so is that of a type that somebody archived: the process starts all the same.
 */
async function writeConfiguredEventTypes(change: ChangeEventTypes, inputs: readonly EventTypeInput[], log: Log): Promise<void> {
  for (const input of inputs) {
    let refusal: string | undefined;
    try {
      const plan = await change((snapshot) => {
        refusal = undefined;
        if (snapshot.byName.get(input.name)?.archivedAt) {
          refusal = 'it is archived; write it with `tidings types push` to bring it back';
          return null;
        }
        const planned = planPut(snapshot, input);
        if (planned.breaks.length === 0) return planned;
        refusal = planned.changes
          .filter(({ breaks }) => breaks.length > 0)
          .map(({ path, message }) => `${path}: ${message}`)
          .join('; ');
        return null;
      }, null);
      if (plan?.creates != null) log.info('An event type was written.', { type: input.name });
    } catch (error) {
      if (!(error instanceof InvalidEventTypeError)) throw error;
      refusal = error.message;
    }
    if (refusal !== undefined) {
      log.warn('An event type of EVENT_TYPES is not written; the registry keeps the one that it has.', {
        type: input.name,
        reason: refusal,
      });
    }
  }
}

/** The types with which a process starts. */
export interface FirstEventTypes {
  /** Those of the setting EVENT_TYPES; undefined: it is not set. */
  configured: readonly EventTypeInput[] | undefined;
  /** Those that a new installation has if the setting is not set. */
  shipped: readonly EventTypeInput[];
}

/** Writes the types with which a process starts, and reads all. It may run in several processes at once, and again. */
export async function openEventTypes(
  { eventTypes, change, log }: { eventTypes: Pick<EventTypes, 'refresh'>; change: ChangeEventTypes; log: Log },
  { configured, shipped }: FirstEventTypes,
): Promise<void> {
  if (configured === undefined) await installFirstEventTypes(change, shipped);
  else await writeConfiguredEventTypes(change, configured, log);
  await eventTypes.refresh();
}
