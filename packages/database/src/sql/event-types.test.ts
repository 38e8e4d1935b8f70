import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import {
  NO_EVENT_TYPES_YET,
  readEventTypeRevisions,
  readEventTypes,
  readEventTypeState,
  readWebhooksOfType,
  writeEventTypes,
  type EventTypeChange,
} from './event-types.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  await log.pool.query('TRUNCATE event_types, event_type_versions, audit_log');
});

const type = (name: string): EventTypeChange['types'][number] => ({
  name,
  title: null,
  description: 'It happened.',
  group: null,
  defaultVersion: 1,
  deprecatedAt: null,
  replacedBy: null,
  archivedAt: null,
});
const version = (name: string, number = 1): EventTypeChange['versions'][number] => ({
  type: name,
  version: number,
  audience: 'owner',
  ownerField: 'org_id',
  unknownFields: 'refuse',
  schema: { type: 'object', properties: { z: true, org_id: { type: 'string' } } },
  examples: [{ org_id: 'acme' }],
  archivedAt: null,
});
const ACTOR = { id: 'ci', kind: 'operator' };
const write = async (change: Partial<EventTypeChange>, expected?: string) =>
  writeEventTypes(
    log.pool,
    expected ?? (await readEventTypeState(log.pool)),
    { types: [], versions: [], audit: [], ...change },
    ACTOR,
  );
/** Reads the present rows of the type. */
const read = async (name: string) => (await readEventTypes(log.pool, [name]))[0];
/** An accepted event of a type, as the type was at a revision. */
const accepting = (typeRevision: string, more = {}) =>
  log.acceptCalls([{ id: `evt-${String(Math.random()).slice(2)}`, type: 'a.b', typeRevision, ...more }]);

describe('a change of event types', () => {
  test('is written with its versions and its entry of the audit log, and the schema as it was written', async () => {
    const audit = [{ action: 'event_type.created', details: { type: { to: 'a.b' } } }] as const;
    expect(await write({ types: [type('a.b')], versions: [version('a.b'), version('a.b', 2)], audit })).toBe(true);
    const stored = await read('a.b');
    expect(stored).toMatchObject({ ...type('a.b'), versions: [version('a.b'), version('a.b', 2)] });
    expect(Object.keys(stored?.versions[0]?.schema['properties'] as object)).toEqual(['z', 'org_id']);
    const { rows } = await log.pool.query('SELECT actor, actor_kind, action, details FROM audit_log');
    expect(rows).toEqual([
      { actor: 'ci', actor_kind: 'operator', action: 'event_type.created', details: { type: { to: 'a.b' } } },
    ]);
  });

  test('is not written in another state than the one by which it was decided', async () => {
    const before = await readEventTypeState(log.pool);
    expect(await write({ types: [type('a.b')], versions: [version('a.b')] }, before)).toBe(true);
    expect(await write({ types: [{ ...type('a.b'), description: 'Late.' }] }, before)).toBe(false);
    expect(await read('a.b')).toMatchObject({ description: 'It happened.' });
  });

  test('is written by one of two that were decided at the same time', async () => {
    const before = await readEventTypeState(log.pool);
    const both = await Promise.all(
      ['one', 'two'].map((description) => write({ types: [{ ...type('a.b'), description }] }, before)),
    );
    expect(both.toSorted()).toEqual([false, true]);
  });

  test('gives the type a new revision, and leaves those of other types', async () => {
    await write({ types: [type('a.b'), type('c.d')], versions: [version('a.b'), version('c.d')] });
    const before = await readEventTypeRevisions(log.pool);
    await write({ types: [{ ...type('a.b'), title: 'Title' }] });
    const after = await readEventTypeRevisions(log.pool);
    expect(after.state).not.toBe(before.state);
    expect(after.revisions.get('a.b')).not.toBe(before.revisions.get('a.b'));
    expect(after.revisions.get('c.d')).toBe(before.revisions.get('c.d'));
  });

  test('may be written before any other', async () => {
    await log.pool.query('UPDATE event_type_state SET state = $1', [NO_EVENT_TYPES_YET]);
    expect(await readEventTypeRevisions(log.pool)).toEqual({ state: NO_EVENT_TYPES_YET, revisions: new Map() });
    expect(await write({ types: [type('a.b')] }, NO_EVENT_TYPES_YET)).toBe(true);
  });
});

describe('an event', () => {
  beforeEach(() => write({ types: [type('a.b')], versions: [version('a.b'), version('a.b', 2)] }));

  test('is accepted when its type is as it was when the event was validated', async () => {
    const { revision } = (await read('a.b')) as { revision: string };
    expect(await accepting(revision)).toMatchObject({ accepted: [{}], stale: new Set() });
  });

  test.each([
    ['was changed', () => write({ types: [{ ...type('a.b'), archivedAt: new Date() }] })],
    ['is unknown', () => log.pool.query('TRUNCATE event_types, event_type_versions')],
  ])('must be validated again when its type %s since', async (_how, change) => {
    const { revision } = (await read('a.b')) as { revision: string };
    await change();
    expect(await accepting(revision)).toMatchObject({ accepted: [], stale: new Set([0]) });
    expect((await log.pool.query('SELECT FROM events')).rowCount).toBe(0);
  });

  test('whose type was changed holds up no other call of its commit', async () => {
    const { revision } = (await read('a.b')) as { revision: string };
    const old = '00000000-0000-0000-0000-00000000000a';
    const result = await log.acceptCalls(
      [{ id: 'new', type: 'a.b', typeRevision: revision }],
      [
        { id: 'old', type: 'a.b', typeRevision: old },
        { id: 'with-old', type: 'c.d' },
      ],
      [{ id: 'none', type: 'webhook.disabled' }],
    );
    expect(result.stale).toEqual(new Set([1]));
    expect((await log.pool.query('SELECT id FROM events ORDER BY position')).rows).toEqual([{ id: 'new' }, { id: 'none' }]);
  });

  test.each([
    [{ version: 1 }, ['all', 'first', 'name', 'prefix']],
    [{ version: 2 }, ['all', 'name', 'prefix', 'second']],
    [{ version: 2, isPreview: true }, ['second']],
  ])('of %j goes to the webhooks whose patterns select it', async (event, webhooks) => {
    await log.addWebhook('all', { eventTypes: ['*'] });
    await log.addWebhook('prefix', { eventTypes: ['a.*'] });
    await log.addWebhook('name', { eventTypes: ['a.b'] });
    await log.addWebhook('first', { eventTypes: ['a.b@1'] });
    await log.addWebhook('second', { eventTypes: ['a.b@2'] });
    await log.accept({ id: 'evt', type: 'a.b', ...event });
    const { rows } = await log.pool.query<object>('SELECT webhook_id, event_version FROM deliveries ORDER BY webhook_id');
    expect(rows).toEqual(webhooks.map((id) => ({ webhook_id: id, event_version: event.version })));
  });
});

test('the webhooks of a type are those with a pattern that matches it, in the order of their ids, up to a limit', async () => {
  await log.addWebhook('c', { eventTypes: ['*', 'a.b'] });
  await log.addWebhook('b', { eventTypes: ['a.*'] });
  await log.addWebhook('a', { eventTypes: ['c.d'] });
  await log.addWebhook('d', { eventTypes: ['a.b@2'], owner: 'bob' });
  const patterns = ['*', 'a.*', 'a.b', 'a.b@2'];
  expect(await readWebhooksOfType(log.pool, patterns, 10)).toEqual([
    { id: 'b', owner: 'alice', eventTypes: ['a.*'] },
    { id: 'c', owner: 'alice', eventTypes: ['*', 'a.b'] },
    { id: 'd', owner: 'bob', eventTypes: ['a.b@2'] },
  ]);
  expect((await readWebhooksOfType(log.pool, patterns, 2)).map(({ id }) => id)).toEqual(['b', 'c']);
});
