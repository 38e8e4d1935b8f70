import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NO_EVENT_TYPES_YET, openDatabase, readEvents, type Database } from '@tidings/database';
import { InvalidEventError } from '@tidings/events';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import fc from 'fast-check';
import { createAccept, type Accept } from '../accept.js';
import { createChangeEventTypes } from './change-event-types.js';
import type { EventTypeInput } from './event-type-input.js';
import { createEventTypes } from './event-types.js';
import { openEventTypes } from './install-event-types.js';
import { planArchive } from './plan-mark.js';
import { planPut } from './plan-put.js';

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(() => clear());
/** Leaves the database as it is before the first start. */
async function clear(): Promise<void> {
  await database.pool.query('TRUNCATE events, event_types, event_type_versions, audit_log');
  await database.pool.query('UPDATE event_type_state SET state = $1', [NO_EVENT_TYPES_YET]);
}

const OPERATOR = { id: 'ci', kind: 'operator' } as const;

/** A type whose data has these required fields, all numbers, and may have others of `optional`. */
const input = (name: string, fields: string[], more: Partial<EventTypeInput> & { optional?: string[] } = {}): EventTypeInput => {
  const { optional = [], ...rest } = more;
  return {
    name,
    title: null,
    description: 'It happened.',
    group: null,
    audience: 'everyone',
    ownerField: 'user_id',
    unknownFields: 'refuse',
    schema: {
      type: 'object',
      properties: Object.fromEntries([...fields, ...optional].map((field) => [field, { type: 'number' }])),
      required: fields,
    },
    examples: [],
    ...rest,
  };
};

/** A process with types of its own memory. */
function openProcess() {
  const eventTypes = createEventTypes(database.pool);
  const change = createChangeEventTypes(database.pool, eventTypes);
  const warnings: object[] = [];
  const log = {
    info: () => undefined,
    warn: (_: string, details: object) => void warnings.push(details),
    debug: () => undefined,
  };
  const accept: Accept = createAccept({
    sql: database.pool,
    queue: { enqueue: () => Promise.resolve(), line: { length: () => 0, read: () => Promise.resolve(0), add: () => undefined } },
    expansions: { enqueue: () => Promise.resolve() },
    redis: { publish: () => Promise.resolve() },
    prefix: '{test}',
    log,
  });
  return {
    eventTypes,
    warnings,
    open: (inputs: EventTypeInput[], areShipped = false) => openEventTypes({ eventTypes, change, log }, { inputs, areShipped }),
    put: async (wanted: EventTypeInput) => {
      const plan = await change((snapshot) => {
        const planned = planPut(snapshot, wanted);
        return planned.breaks.length === 0 ? planned : { ...planned, write: null };
      }, OPERATOR);
      return plan.breaks;
    },
    archive: (name: string, version?: number) =>
      change((snapshot) => planArchive(snapshot, name, { version, now: new Date() }), OPERATOR),
    publish: (type: string, data: object, version?: number) =>
      eventTypes.withValidEvents([{ type, data, ...(version === undefined ? {} : { version }) }], undefined, (events) =>
        accept(events),
      ),
  };
}
const logged = async () => (await readEvents(database.pool, { after: 0, limit: 1000 })).events;
const refusal = async (published: Promise<unknown>): Promise<unknown> =>
  published.then(
    () => null,
    (error: unknown) => (error instanceof InvalidEventError ? error.errors : error),
  );

describe('the types of an installation', () => {
  test('are at first those that Tidings ships, for several processes that start at once', async () => {
    const processes = [openProcess(), openProcess(), openProcess()];
    await Promise.all(processes.map(({ open }) => open([input('a.b', ['x']), input('c.d', [])], true)));
    for (const { eventTypes } of processes) expect([...eventTypes.current.byName.keys()]).toEqual(['a.b', 'c.d']);
    expect((await database.pool.query('SELECT action, actor_kind FROM audit_log')).rows).toEqual(
      ['a.b', 'c.d'].map(() => ({ action: 'event_type.created', actor_kind: 'system' })),
    );
  });

  test('do not come back once a platform has archived them', async () => {
    const one = openProcess();
    await one.open([input('a.b', ['x'])], true);
    await one.archive('a.b');
    const next = openProcess();
    await next.open([input('a.b', ['x'])], true);
    expect(next.eventTypes.current.knows('a.b')).toBe(false);
    await next.open([input('a.b', ['x'])]);
    expect(next.eventTypes.current.knows('a.b')).toBe(false);
    expect(next.warnings).toEqual([expect.objectContaining({ type: 'a.b', reason: expect.stringContaining('archived') })]);
  });

  test('are those of EVENT_TYPES, and none that Tidings ships, if it is set', async () => {
    const one = openProcess();
    await one.open([input('shop.sold', ['x'])]);
    await openProcess().open([input('a.b', [])], true);
    await one.eventTypes.refresh();
    expect([...one.eventTypes.current.byName.keys()]).toEqual(['shop.sold']);
  });

  test('stay as they are where an older EVENT_TYPES would break them, as after a rollback, and the others are written', async () => {
    const newer = openProcess();
    await newer.open([input('a.b', ['x'], { optional: ['y'] })]);
    const older = openProcess();
    await older.open([input('a.b', ['x']), input('c.d', [])]);
    expect(older.warnings).toEqual([expect.objectContaining({ type: 'a.b', reason: expect.stringContaining('data.y') })]);
    expect(await older.publish('a.b', { x: 1, y: 2 })).toMatchObject([{ status: 'accepted' }]);
    expect(older.eventTypes.current.knows('c.d')).toBe(true);
  });
});

describe('a change of a type', () => {
  test('counts in another process at once: what it allows is accepted, what it forbids is refused', async () => {
    const [one, other] = [openProcess(), openProcess()];
    await one.put(input('a.b', ['x']));
    expect(await other.publish('a.b', { x: 1 })).toMatchObject([{ status: 'accepted' }]);
    await one.put(input('a.b', ['x'], { optional: ['y'] }));
    expect(await other.publish('a.b', { x: 1, y: 1 })).toMatchObject([{ status: 'accepted' }]);
    await one.archive('a.b');
    expect(await refusal(other.publish('a.b', { x: 1 }))).toEqual([
      { field: 'type', message: '"a.b" is archived: its events are refused' },
    ]);
    expect(await logged()).toHaveLength(2);
  });

  test('that breaks publishers or receivers is not written', async () => {
    const one = openProcess();
    await one.put(input('a.b', ['x'], { optional: ['y'] }));
    expect(await one.put(input('a.b', ['x', 'y']))).toEqual(['publishers']);
    expect(await one.put(input('a.b', [], { optional: ['x', 'y'] }))).toEqual(['receivers']);
    expect(await one.put(input('a.b', ['x']))).toEqual(['publishers', 'receivers']);
    expect(await one.publish('a.b', { x: 1 })).toMatchObject([{ status: 'accepted' }]);
  });

  test('is not written again when nothing differs, however the schema is ordered', async () => {
    const one = openProcess();
    await one.put(input('a.b', ['x', 'y']));
    const before = one.eventTypes.current;
    const { schema, ...rest } = input('a.b', ['x', 'y']);
    await one.put({ ...rest, schema: Object.fromEntries(Object.entries(schema).reverse()) });
    expect(one.eventTypes.current.state).toBe(before.state);
  });

  test('is lost by none of many that are made at once', async () => {
    const processes = [openProcess(), openProcess(), openProcess()];
    const names = Array.from({ length: 12 }, (_, index) => `a.n${String(index)}`);
    await Promise.all(names.map((name, index) => (processes[index % 3] ?? openProcess()).put(input(name, ['x']))));
    expect([...(await openProcess().eventTypes.refresh()).byName.keys()]).toEqual(names.toSorted());
  });
});

describe('a version of a type', () => {
  test.each([0, 2, '1', null, 1.5])('that it does not have is refused once, by its field: %j', async (version) => {
    const one = openProcess();
    await one.put(input('a.b', ['x']));
    expect(await refusal(one.publish('a.b', { x: 1 }, version as number))).toEqual([
      { field: 'version', message: 'must be a version of the type: 1' },
    ]);
  });

  test('is used by events that name it, until it is made the default one', async () => {
    const one = openProcess();
    await one.put(input('a.b', ['x']));
    await one.put(input('a.b', ['z'], { version: 2 }));
    await one.publish('a.b', { x: 1 });
    await one.publish('a.b', { z: 1 }, 2);
    await one.put(input('a.b', ['z'], { version: 2, default: true }));
    await one.publish('a.b', { z: 1 });
    await one.publish('a.b', { x: 1 }, 1);
    expect((await logged()).map(({ version, isPreview }) => [version, isPreview])).toEqual([
      [1, false],
      [2, true],
      [2, false],
      [1, false],
    ]);
  });

  test.each([
    ['becomes the default one only by a later request', { version: 2, default: true }, 'default'],
    ['is one that exists, or the next one', { version: 3 }, 'version'],
  ])('%s', async (_rule, more, field) => {
    const one = openProcess();
    await one.put(input('a.b', ['x']));
    await expect(one.put(input('a.b', ['z'], more))).rejects.toMatchObject({ errors: [{ field }] });
  });

  test('that is archived is refused, while the others are accepted; the default one cannot be', async () => {
    const one = openProcess();
    await one.put(input('a.b', ['x']));
    await one.put(input('a.b', ['z'], { version: 2 }));
    await expect(one.archive('a.b', 1)).rejects.toMatchObject({ errors: [{ field: 'version' }] });
    await one.archive('a.b', 2);
    expect(await refusal(openProcess().publish('a.b', { z: 1 }, 2))).toEqual([
      { field: 'version', message: 'must be a version of the type: 1' },
    ]);
    expect(await one.publish('a.b', { x: 1 })).toMatchObject([{ status: 'accepted' }]);
  });
});

test('events that are accepted while their type is changed again and again are valid by the type as it is', async () => {
  const [one, other] = [openProcess(), openProcess()];
  await one.put(input('a.b', ['x']));
  const changes = (async () => {
    for (let n = 1; n <= 15; n += 1) {
      await one.put(input('a.b', ['x'], { optional: Array.from({ length: n }, (_, index) => `y${String(index + 1)}`) }));
      // The change was answered: from now on no process refuses its field.
      expect(await other.publish('a.b', { x: 1, [`y${String(n)}`]: 1 })).toMatchObject([{ status: 'accepted' }]);
    }
  })();
  const publishes = Array.from({ length: 100 }, () => other.publish('a.b', { x: 1 }));
  await Promise.all([changes, ...publishes]);
});

test('no process disagrees with an answered change, whatever was pushed, archived and published before', async () => {
  const names = ['a.b', 'c.d'];
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), name: fc.constantFrom(...names), optional: fc.nat(4), process: fc.nat(1) }),
    fc.record({ kind: fc.constant('archive' as const), name: fc.constantFrom(...names), process: fc.nat(1) }),
    fc.record({ kind: fc.constant('publish' as const), name: fc.constantFrom(...names), field: fc.nat(4), process: fc.nat(1) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await clear();
      const processes = [openProcess(), openProcess()] as const;
      /** The optional fields of each type that is not archived, and the most that it ever had: a type never loses one. */
      const model = new Map<string, { optional: number; isArchived: boolean }>();
      for (const one of steps) {
        const run = processes[one.process as 0 | 1];
        const known = model.get(one.name);
        if (one.kind === 'put') {
          const fields = Array.from({ length: one.optional }, (_, index) => `y${String(index)}`);
          const breaks = await run.put(input(one.name, ['x'], { optional: fields }));
          const isBreaking = known !== undefined && one.optional < known.optional;
          expect(breaks.length > 0).toBe(isBreaking);
          if (!isBreaking) model.set(one.name, { optional: one.optional, isArchived: false });
        } else if (one.kind === 'archive') {
          await run.archive(one.name);
          if (known) known.isArchived = true;
        } else {
          const isValid = known !== undefined && !known.isArchived && one.field < known.optional;
          const outcome = await refusal(run.publish(one.name, { x: 1, [`y${String(one.field)}`]: 1 }));
          expect({ one, isRefused: outcome !== null }).toEqual({ one, isRefused: !isValid });
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('what a message says of the types stays short, however many there are', async () => {
  const one = openProcess();
  await one.open(Array.from({ length: 30 }, (_, index) => input(`a.n${String(index)}`, [])));
  expect(one.eventTypes.current.someNames).toMatch(/^a\.n0, .* and 20 more$/);
});
