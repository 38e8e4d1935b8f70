import { describe, expect, test } from '@jest/globals';
import { fixedEventTypes, inputOf } from '@tidings/accept';
import { catalog } from '@tidings/events';
import { selectionSchemas } from './selection.js';

const { replay } = selectionSchemas(fixedEventTypes(catalog.describe().map(inputOf)));
const since = '2026-03-01T00:00:00Z';

describe('the body of a replay', () => {
  test('selects failed and skipped deliveries of all types by default', () => {
    expect(replay.parse({ since })).toEqual({
      since: new Date(since),
      status: ['failed', 'skipped'],
      missing: false,
      dry_run: false,
    });
  });

  test('accepts one status or a list, and patterns of types', () => {
    expect(replay.parse({ since, status: 'cancelled', event_types: ['sync.*'] })).toMatchObject({
      status: ['cancelled'],
      event_types: ['sync.*'],
    });
  });

  test.each<[object, string]>([
    [{}, 'since'],
    [{ since: 'yesterday' }, 'since'],
    [{ since: '0000-01-01T00:00:00Z' }, 'since'],
    [{ since, until: since }, 'until'],
    [{ since, status: 'pending' }, 'status.0'],
    [{ since, status: [] }, 'status'],
    [{ since, status: ['failed', 'lost'] }, 'status.1'],
    [{ since, event_types: [] }, 'event_types'],
    [{ since, event_types: ['sync.*', 'sync.nothing'] }, 'event_types.1'],
    [{ since, dry_run: 'yes' }, 'dry_run'],
  ])('%j is refused', (body, field) => {
    expect(replay.safeParse(body).error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});
