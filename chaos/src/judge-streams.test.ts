import { describe, expect, test } from '@jest/globals';
import { judgeStreams, judgeStreamsAfterLoss, type StreamedEvent } from './judge-streams.js';

const LOG: StreamedEvent[] = [
  { id: 'e1', type: 'extraction.started', owner: null },
  { id: 'e2', type: 'sync.failed', owner: 'alice' },
  { id: 'e3', type: 'sync.failed', owner: 'bob' },
  { id: 'e4', type: 'extraction.started', owner: null },
];
const alice = (...received: string[]) => ({
  name: 'alice#1',
  received,
  gaps: 0,
  maySee: ({ owner }: StreamedEvent) => owner === null || owner === 'alice',
});

describe('the judge of streams', () => {
  test('accepts exactly the events of the log that the client may see', () => {
    expect(judgeStreams(LOG, [alice('e1', 'e2', 'e4')])).toEqual([]);
  });

  test.each([
    ['missing', ['e1', 'e4'], '1 streamed events missing: e2 at alice#1'],
    ['repeated', ['e1', 'e2', 'e2', 'e4'], '1 streamed events received twice: e2 at alice#1'],
    ['swapped', ['e2', 'e1', 'e4'], '1 streamed events out of order: e1 at alice#1'],
    ['of another owner', ['e1', 'e2', 'e3', 'e4'], '1 streamed events not for its client: e3 at alice#1'],
    ['unknown', ['e1', 'e2', 'e9', 'e4'], '1 streamed events not for its client: e9 at alice#1'],
  ])('reports an event that is %s', (_case, received, violation) => {
    expect(judgeStreams(LOG, [alice('e1', 'e2', 'e4'), alice(...received)])).toEqual([violation]);
  });

  test('reports the clients that got a gap', () => {
    expect(judgeStreams(LOG, [{ ...alice('e1', 'e2', 'e4'), gaps: 1 }])).toEqual(['clients got stream.gap: 1 at alice#1']);
  });
});

describe('the judge of streams after a loss', () => {
  const judge = (received: string[], gaps: number) =>
    judgeStreamsAfterLoss(LOG, new Set(['lost1', 'lost2']), [{ ...alice(...received), gaps }]);

  test('accepts lost events beside those of the log, with a gap', () => {
    expect(judge(['e1', 'lost1', 'lost2', 'e2', 'e4'], 1)).toEqual([]);
    expect(judge(['e1', 'e2', 'e4'], 0)).toEqual([]);
  });

  test('ignores lost events that were published again', () => {
    expect(judgeStreamsAfterLoss(LOG, new Set(['e2']), [alice('e1', 'e2', 'e4')])).toEqual([]);
    expect(judgeStreamsAfterLoss(LOG, new Set(['e2']), [alice('e1', 'e4')])).toEqual([]);
    expect(judgeStreamsAfterLoss(LOG, new Set(['e2']), [{ ...alice('e1', 'e2', 'e2', 'e4'), gaps: 1 }])).toEqual([]);
  });

  test.each([
    ['missing', ['e1', 'lost1', 'e4'], 1, '1 streamed events missing: e2 at alice#1'],
    ['repeated', ['e1', 'lost1', 'e1', 'e2', 'e4'], 1, '1 streamed events received twice: e1 at alice#1'],
    ['without a gap', ['e1', 'lost1', 'e2', 'e4'], 0, 'clients continued behind a lost event without stream.gap: alice#1'],
  ])('reports an event that is %s', (_case, received, gaps, violation) => {
    expect(judge(received, gaps)).toEqual([violation]);
  });
});
