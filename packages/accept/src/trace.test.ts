import { describe, expect, test } from '@jest/globals';
import { sharesOf, traceEnqueue } from './trace.js';

const call = (traceparent: string | null, ...ids: string[]) => ({ traceparent, events: ids.map((id) => ({ id })) });
const accepted = ['a', 'b', 'c', 'd'].map((id, index) => ({ id, position: index + 1 }));

describe('what is enqueued after a commit', () => {
  test('is each call that is traced, with the deliveries of its own events', () => {
    const calls = [call('one', 'a', 'b'), call(null, 'c'), call('two', 'd')];
    expect(sharesOf(calls, { accepted, deliveryPositions: [1, 1, 2, 3, 4] })).toEqual([
      { traceparent: 'one', deliveries: 3 },
      { traceparent: 'two', deliveries: 1 },
    ]);
  });

  test('leaves out calls without deliveries, and those that repeat what another one published', () => {
    const calls = [call('none', 'b'), call('first', 'a'), call('repeats', 'a', 'known')];
    expect(sharesOf(calls, { accepted, deliveryPositions: [1] })).toEqual([{ traceparent: 'first', deliveries: 1 }]);
  });

  test('ends every span when Redis is away, as failed, and still throws', async () => {
    const told: string[] = [];
    const begin = ({ parent }: { parent?: string | null }) => ({
      traceparent: '',
      ids: { trace_id: '', span_id: '' },
      set: () => undefined,
      rename: () => undefined,
      within: <Result>(work: () => Result) => work(),
      fail: (type: string) => void told.push(`${String(parent)} ${type}`),
      end: () => void told.push(`${String(parent)} ended`),
    });
    const tracing = {
      begin,
      run: () => Promise.reject(new Error()),
      activeIds: () => undefined,
      shutdown: () => Promise.resolve(),
    };
    const shares = ['one', 'two'].map((traceparent) => ({ traceparent, deliveries: 1 }));
    await expect(traceEnqueue(tracing, shares, () => Promise.reject(new RangeError('away')))).rejects.toThrow('away');
    expect(told).toEqual(['one RangeError', 'two RangeError', 'one ended', 'two ended']);
  });
});
