import { z } from 'zod';
import { defineEvent } from '../define-event.js';

const version = z.string().min(1).max(255).describe('The version of the extracted catalogue');

/** An extraction of the catalogue began. Everyone may see the event. */
export const extractionStarted = defineEvent({
  type: 'extraction.started',
  audience: 'everyone',
  description: 'An extraction of the music catalogue began.',
  schema: z.strictObject({
    version,
    entity_types: z.array(z.string().min(1).max(255)).describe('The extracted types of entities: artists, releases, …'),
  }),
  example: { version: '2026-11', entity_types: ['artists', 'releases'] },
});

/** An extraction of the catalogue ended. Everyone may see the event. */
export const extractionCompleted = defineEvent({
  type: 'extraction.completed',
  audience: 'everyone',
  description: 'An extraction of the music catalogue ended, and its records are available.',
  schema: z.strictObject({
    version,
    record_counts: z.record(z.string().min(1).max(255), z.int().min(0)).describe('Number of records by entity type'),
    duration_s: z.number().min(0).describe('Duration in seconds'),
  }),
  example: { version: '2026-11', record_counts: { artists: 9_204_113, releases: 17_630_418 }, duration_s: 5421.7 },
});
