import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nameComponents } from './component-names.js';
import { createPause } from './pause.js';

interface Version {
  type: string;
  version: number;
}

const of = (...versions: (string | [string, number])[]): Version[] =>
  versions.map((one) => (typeof one === 'string' ? { type: one, version: 1 } : { type: one[0], version: one[1] }));
const name = (versions: readonly Version[], reserved: readonly string[] = []) =>
  nameComponents(versions, reserved, createPause());
const dataNames = async (versions: readonly Version[], reserved?: readonly string[]) =>
  (await name(versions, reserved)).map(({ data }) => data);

test('a version has a name for each of its schemas and for its operation', async () => {
  expect(await name(of('sync.completed', ['sync.completed', 2]))).toEqual([
    {
      data: 'SyncCompletedData',
      event: 'SyncCompletedEvent',
      newData: 'NewSyncCompletedData',
      newEvent: 'NewSyncCompletedEvent',
      operationId: 'receiveSyncCompleted',
      anyEvent: 'AnySyncCompletedEvent',
      newAnyEvent: 'NewAnySyncCompletedEvent',
    },
    {
      data: 'SyncCompletedV2Data',
      event: 'SyncCompletedV2Event',
      newData: 'NewSyncCompletedV2Data',
      newEvent: 'NewSyncCompletedV2Event',
      operationId: 'receiveSyncCompletedV2',
      anyEvent: 'AnySyncCompletedEvent',
      newAnyEvent: 'NewAnySyncCompletedEvent',
    },
  ]);
});

describe('the first has a name that two would have', () => {
  test.each<[string, Version[], string[], string[]]>([
    ['of two types', of('a.b_c', 'a_b.c', 'a.b.c'), [], ['ABCData', 'ABC2Data', 'ABC3Data']],
    ['of a component of ours and a type', of('thing.made'), ['ThingMadeEvent'], ['ThingMade2Data']],
    ['of a new event and an event', of('a.b', 'new.a_b'), [], ['ABData', 'NewAB2Data']],
    [
      'of a type and a version, whichever comes first',
      of(['a.b', 1], ['a.b', 2], 'a.b_v2'),
      [],
      ['ABData', 'ABV22Data', 'ABV2Data'],
    ],
    [
      'in files whose names differ in case only',
      of('web.hook_test', 'webhook.test'),
      [],
      ['WebHookTestData', 'WebhookTest2Data'],
    ],
  ])('%s', async (_what, versions, reserved, expected) => {
    expect(await dataNames(versions, reserved)).toEqual(expected);
  });
});

const word = fc.stringMatching(/^[abv][ab_2]{0,3}$/);
const type = fc.array(word, { minLength: 2, maxLength: 3 }).map((words) => words.join('.'));
const versions = fc
  .uniqueArray(fc.tuple(type, fc.integer({ min: 1, max: 3 })), { selector: ([one, version]) => `${one}@${String(version)}` })
  .map((all) => of(...all));
const reserved = fc.uniqueArray(fc.constantFrom('AAData', 'ABEvent', 'NewAAEvent', 'receiveAB', 'AnyBAEvent'));

test('all names differ, in every list of types', async () => {
  await fc.assert(
    fc.asyncProperty(versions, reserved, async (list, others) => {
      const named = await name(list, others);
      const ofVersions = named.flatMap(({ anyEvent: _any, newAnyEvent: _newAny, ...names }) => Object.values(names));
      const ofTypes = new Set(named.flatMap(({ anyEvent, newAnyEvent }) => [anyEvent, newAnyEvent]));
      const all = [...others, ...ofVersions, ...ofTypes].map((one) => one.toLowerCase());
      expect(new Set(all).size).toBe(all.length);
      expect(ofTypes.size).toBe(2 * new Set(list.map((version) => version.type)).size);
      for (const one of all) expect(one).toMatch(/^[a-z0-9]+$/);
    }),
  );
});

test('a type that is added at the end changes no name before it, nor does a new version of a type change that of another one', async () => {
  await fc.assert(
    fc.asyncProperty(versions, type, async (list, added) => {
      const before = await name(list);
      expect((await name([...list, ...of(added)])).slice(0, list.length)).toEqual(before);
      const [first] = list;
      if (first === undefined) return;
      const isFirst = (index: number) => list[index]?.version === 1;
      const after = await name([first, { type: first.type, version: 9 }, ...list.slice(1)]);
      const others = [...after.slice(0, 1), ...after.slice(2)];
      expect(others.filter((_names, index) => isFirst(index))).toEqual(before.filter((_names, index) => isFirst(index)));
    }),
  );
});
