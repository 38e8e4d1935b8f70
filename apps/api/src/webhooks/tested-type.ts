import { z } from 'zod';
import { exampleEvent, type EventTypesSnapshot } from '@tidings/accept';
import { MAX_VERSION } from '@tidings/events';
import type { TestedType } from '@tidings/queue';
import { invalid } from '../problems/problem.js';

const VERSION = `must be a whole number from 1 to ${String(MAX_VERSION)}`;

/** The body that chooses the event of a test. */
export const testedJson = z
  .strictObject({
    type: z
      .string()
      .max(100)
      .optional()
      .describe('The event type whose first example is sent. Default: `webhook.test` is sent, which is no event type of yours.'),
    version: z
      .int(VERSION)
      .min(1, VERSION)
      .max(MAX_VERSION, VERSION)
      .optional()
      .describe('The version of the type. Default: its default version.'),
  })
  .refine(({ type, version }) => type !== undefined || version === undefined, {
    path: ['type'],
    message: 'is missing: `version` is a version of this event type',
  })
  .meta({ id: 'NewTest' })
  .default({});

/** Returns the version of a type that the body chooses; undefined: none. Throws a 400 if there is none, or it has no example. */
export function toTested(
  snapshot: EventTypesSnapshot,
  { type, version }: z.output<typeof testedJson>,
  owner: string,
): TestedType | undefined {
  if (type === undefined) return undefined;
  const event = exampleEvent(snapshot, { type, version }, owner);
  if ('field' in event) throw invalid([event]);
  return { type: event.type, version: event.version };
}
