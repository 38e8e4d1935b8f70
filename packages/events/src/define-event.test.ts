import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createCatalog, type CatalogEvent, type Publishable } from './catalog.js';
import { syncCompleted, syncFailed } from './catalog/sync.js';
import { defineEvent } from './define-event.js';

const releaseAdded = defineEvent({
  type: 'release.added',
  audience: 'everyone',
  description: 'A release was added.',
  schema: z.strictObject({ release_id: z.string(), year: z.int().optional() }),
  example: { release_id: '1', year: 1999 },
});

describe('a definition', () => {
  test('makes drafts of its type', () => {
    expect(releaseAdded({ release_id: '7' })).toEqual({ type: 'release.added', data: { release_id: '7' } });
  });

  test('hands on the id and the time that it is given', () => {
    expect(releaseAdded({ release_id: '7' }, { id: 'r-7', timestamp: '2026-01-01T00:00:00Z' })).toEqual({
      type: 'release.added',
      data: { release_id: '7' },
      id: 'r-7',
      timestamp: '2026-01-01T00:00:00Z',
    });
  });

  test('says what it is', () => {
    const { type, audience, description } = releaseAdded;
    expect({ type, audience, description }).toEqual({
      type: 'release.added',
      audience: 'everyone',
      description: 'A release was added.',
    });
  });

  test.each([
    'added',
    'Release.added',
    'release.',
    '.added',
    'release..added',
    'release added',
    'release.*',
    '7.added',
    'release.added\n',
  ])('refuses the type %j', (type) => {
    expect(() => defineEvent({ ...releaseAdded, type })).toThrow('is not of the form noun.verb, in lower case');
  });

  test('refuses an event for one user that does not say which', () => {
    expect(() => defineEvent({ ...releaseAdded, audience: 'user' })).toThrow('release.added goes to one user');
  });

  test('refuses an example that its own schema refuses', () => {
    expect(() => defineEvent({ ...releaseAdded, example: { release_id: 7 as unknown as string } })).toThrow(
      /The example of release.added is not valid: .*expected string/,
    );
  });

  test('refuses a schema of what JSON does not have', () => {
    const example = { added_at: new Date(0) };
    expect(() => defineEvent({ ...releaseAdded, schema: z.strictObject({ added_at: z.date() }), example })).toThrow(
      "The schema of release.added can't be written as JSON Schema",
    );
  });

  test('can be in a catalog once only', () => {
    expect(() => createCatalog([releaseAdded, syncFailed, releaseAdded])).toThrow('defined twice');
  });
});

/** Each allows the other. What these tests say of types is checked by the compiler, in `npm run typecheck`. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;

describe('the TypeScript type of an event', () => {
  test('has the type as a literal and the data as its schema says', () => {
    type Draft = ReturnType<typeof releaseAdded>;
    const sameType: Same<Draft['type'], 'release.added'> = true;
    const sameData: Same<Draft['data'], { release_id: string; year?: number | undefined }> = true;
    expect([sameType, sameData]).toEqual([true, true]);
  });

  test('narrows with its type in a union', () => {
    const draft = syncFailed({ user_id: 'alice', error_message: 'gone' }) as CatalogEvent<
      readonly [typeof syncFailed, typeof syncCompleted]
    >;
    expect(draft.type === 'sync.failed' ? draft.data.error_message : draft.data.items_synced).toBe('gone');
  });

  test('lists every shipped type as publishable', () => {
    type Shipped = 'extraction.started' | 'extraction.completed' | 'sync.completed' | 'sync.failed' | 'gaps.updated';
    const same: Same<Publishable['type'], Shipped> = true;
    expect(same).toBe(true);
  });

  test('refuses wrong data before anything runs', () => {
    // @ts-expect-error a number is no text
    releaseAdded({ release_id: 7 });
    // @ts-expect-error user_id is missing
    syncFailed({ error_message: 'gone' });
    // @ts-expect-error a misspelt field
    syncFailed({ user_id: 'alice', error_message: 'gone', eror: 1 });
    // @ts-expect-error a time is a text
    syncFailed({ user_id: 'alice', error_message: 'gone' }, { timestamp: new Date() });
    // @ts-expect-error not a shipped type
    const foreign: Publishable = releaseAdded({ release_id: '7' });
    expect(foreign.type).toBe('release.added');
  });
});
