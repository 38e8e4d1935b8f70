import { describe, expect, test } from '@jest/globals';
import { judgeStreams, type StreamedEvent } from './judge-streams.js';

const LOG: StreamedEvent[] = [
  { id: 'e1', type: 'extraction.started', user: null },
  { id: 'e2', type: 'sync.failed', user: 'alice' },
  { id: 'e3', type: 'sync.failed', user: 'bob' },
  { id: 'e4', type: 'extraction.started', user: null },
];
const alice = (...received: string[]) => ({
  name: 'alice#1',
  received,
  gaps: 0,
  maySee: ({ user }: StreamedEvent) => user === null || user === 'alice',
});

describe('the judge of streams', () => {
  test('finds nothing wrong with what is exactly the log, as far as the client may see it', () => {
    expect(judgeStreams(LOG, [alice('e1', 'e2', 'e4')])).toEqual([]);
  });

  test.each([
    ['missing', ['e1', 'e4'], '1 streamed events missing: e2 at alice#1'],
    ['repeated', ['e1', 'e2', 'e2', 'e4'], '1 streamed events that came twice: e2 at alice#1'],
    ['swapped', ['e2', 'e1', 'e4'], '1 streamed events out of order: e1 at alice#1'],
    ["somebody else's", ['e1', 'e2', 'e3', 'e4'], '1 streamed events not for its client: e3 at alice#1'],
    ['unknown', ['e1', 'e2', 'e9', 'e4'], '1 streamed events not for its client: e9 at alice#1'],
  ])('names an event that is %s', (_what, received, violation) => {
    expect(judgeStreams(LOG, [alice('e1', 'e2', 'e4'), alice(...received)])).toEqual([violation]);
  });

  test('names who was told of a gap', () => {
    expect(judgeStreams(LOG, [{ ...alice('e1', 'e2', 'e4'), gaps: 1 }])).toEqual(['clients were told of gaps: 1 at alice#1']);
  });
});
