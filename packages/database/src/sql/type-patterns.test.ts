import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { matches } from '@tidings/events';
import fc from 'fast-check';
import { openLog, type TestLog } from '../../test/log.js';
import { EVENT_TYPE, isOfType, likePatterns } from './type-patterns.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

const name = fc.constantFrom('a.b', 'a.bc', 'a.b.c', 'a_b.c', 'axb.c', 'b.a');
const pattern = fc.oneof(
  name,
  fc.constantFrom('*', 'a.*', 'a.b.*', 'a_b.*'),
  fc.tuple(name, fc.constantFrom(1, 2, 12)).map(([type, version]) => `${type}@${String(version)}`),
);
const event = fc.record({ type: name, version: fc.constantFrom(1, 2, 12), isPreview: fc.boolean() });

test('PostgreSQL selects the events that patterns match', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 20 }),
      fc.array(pattern, { minLength: 1, maxLength: 4 }),
      async (events, patterns) => {
        const { rows } = await log.pool.query<{ n: string }>(
          `SELECT n FROM unnest($2::text[], $3::int[], $4::bool[]) WITH ORDINALITY AS event (type, version, is_preview, n)
         WHERE ${isOfType('$1', EVENT_TYPE)} ORDER BY n`,
          [
            likePatterns(patterns),
            events.map(({ type }) => type),
            events.map(({ version }) => version),
            events.map(({ isPreview }) => isPreview),
          ],
        );
        const selected = events.flatMap((one, index) =>
          patterns.some((given) => matches(given, one.type, one)) ? [index + 1] : [],
        );
        expect(rows.map(({ n }) => Number(n))).toEqual(selected);
      },
    ),
    { numRuns: 300 },
  );
});
