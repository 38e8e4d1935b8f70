import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createCatalog, describeEventType, type CatalogEvent, type Publishable } from './catalog.js';
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
  test('creates drafts of its type', () => {
    expect(releaseAdded({ release_id: '7' })).toEqual({ type: 'release.added', data: { release_id: '7' } });
  });

  test('passes on the id and the time', () => {
    expect(releaseAdded({ release_id: '7' }, { id: 'r-7', timestamp: '2026-01-01T00:00:00Z' })).toEqual({
      type: 'release.added',
      data: { release_id: '7' },
      id: 'r-7',
      timestamp: '2026-01-01T00:00:00Z',
    });
  });

  test('of a host name leaves out the pattern, which has a lookahead', () => {
    const schema = z.strictObject({ host: z.hostname(), code: z.string().regex(/^(?=a)/) });
    const definition = defineEvent({ ...releaseAdded, schema, example: { host: 'example.com', code: 'a' } });
    expect(describeEventType(definition).schema['properties']).toEqual({
      host: { type: 'string', format: 'hostname' },
      code: { type: 'string', pattern: '^(?=a)' },
    });
  });

  test('has its type, audience and description', () => {
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

  test('passes its version on to its description, and has none unless it names one', () => {
    expect(describeEventType(defineEvent({ ...releaseAdded, version: 2 }))).toMatchObject({ type: 'release.added', version: 2 });
    expect(describeEventType(releaseAdded)).not.toHaveProperty('version');
  });

  test.each([0, -1, 1.5, NaN, 1e9, '2' as unknown as number])('refuses the version %j', (version) => {
    expect(() => defineEvent({ ...releaseAdded, version })).toThrow('it must be a whole number from 1 to 999999999');
  });

  test.each(['owner', 'user'] as const)('refuses the audience %s without the owner field', (audience) => {
    const words = 'release.added has the audience owner, so its schema needs the field';
    expect(() => defineEvent({ ...releaseAdded, audience })).toThrow(`${words} user_id.`);
    expect(() => defineEvent({ ...releaseAdded, audience, ownerField: 'org_id' })).toThrow(`${words} org_id.`);
  });

  test.each(['owner', 'user'] as const)('with the audience %s names the owner by the owner field', (audience) => {
    const schema = z.strictObject({ org_id: z.string() });
    const example = { org_id: 'acme' };
    const orderPlaced = defineEvent({ ...releaseAdded, type: 'order.placed', audience, ownerField: 'org_id', schema, example });
    const catalog = createCatalog([orderPlaced]);
    expect(catalog.validate([orderPlaced({ org_id: 'acme' })])).toMatchObject([{ owner: 'acme' }]);
    expect(catalog.describe()).toMatchObject([{ audience: 'owner', ownerField: 'org_id' }]);
    expect(() => catalog.validate([orderPlaced({ org_id: '' })])).toThrow('data.org_id: must be 1 to 255 characters');
  });

  test('refuses an example that its schema refuses', () => {
    expect(() => defineEvent({ ...releaseAdded, example: { release_id: 7 as unknown as string } })).toThrow(
      /The example of release.added is not valid: .*expected string/,
    );
  });

  test('refuses a schema with types that JSON does not have', () => {
    const example = { added_at: new Date(0) };
    expect(() => defineEvent({ ...releaseAdded, schema: z.strictObject({ added_at: z.date() }), example })).toThrow(
      'The schema of release.added cannot be written as JSON Schema',
    );
  });

  test('can be in a catalog only once', () => {
    expect(() => createCatalog([releaseAdded, syncFailed, releaseAdded])).toThrow('defined twice');
  });
});

/** Whether each type is assignable to the other. The compiler checks the types of these tests, in `npm run typecheck`. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;

describe('the TypeScript type of an event', () => {
  test('has the type as a literal, and the data of its schema', () => {
    type Draft = ReturnType<typeof releaseAdded>;
    const sameType: Same<Draft['type'], 'release.added'> = true;
    const sameData: Same<Draft['data'], { release_id: string; year?: number | undefined }> = true;
    expect([sameType, sameData]).toEqual([true, true]);
  });

  test('is narrowed by its type in a union', () => {
    const draft = syncFailed({ user_id: 'alice', error_message: 'gone' }) as CatalogEvent<
      readonly [typeof syncFailed, typeof syncCompleted]
    >;
    expect(draft.type === 'sync.failed' ? draft.data.error_message : draft.data.items_synced).toBe('gone');
  });

  test('refuses wrong data at compile time', () => {
    // @ts-expect-error a number is not a string
    releaseAdded({ release_id: 7 });
    // @ts-expect-error user_id is missing
    syncFailed({ error_message: 'gone' });
    // @ts-expect-error a misspelt field
    syncFailed({ user_id: 'alice', error_message: 'gone', eror: 1 });
    // @ts-expect-error a time is a string
    syncFailed({ user_id: 'alice', error_message: 'gone' }, { timestamp: new Date() });
    // @ts-expect-error not a shipped type
    const foreign: Publishable = releaseAdded({ release_id: '7' });
    expect(foreign.type).toBe('release.added');
  });
});
