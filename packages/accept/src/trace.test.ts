import { describe, expect, test } from '@jest/globals';
import { deliveriesPerCall, traceEnqueue } from './trace.js';

const call = (traceparent: string | null, ...ids: string[]) => ({ traceparent, events: ids.map((id) => ({ id })) });
const accepted = ['a', 'b', 'c', 'd'].map((id, index) => ({ id, position: index + 1 }));
const admitted = (...positions: number[]) => positions.map((position) => ({ id: 'dlv', position, first: true }));

describe('the deliveries that a commit enqueues', () => {
  test('are counted for each traced call', () => {
    const calls = [call('one', 'a', 'b'), call(null, 'c'), call('two', 'd')];
    expect(deliveriesPerCall(calls, { accepted, admitted: admitted(1, 1, 2, 3, 4) })).toEqual([
      { traceparent: 'one', deliveries: 3 },
      { traceparent: 'two', deliveries: 1 },
    ]);
  });

  test('belong to the first call of an event: calls without deliveries and repetitions are left out', () => {
    const calls = [call('none', 'b'), call('first', 'a'), call('repeats', 'a', 'known')];
    expect(deliveriesPerCall(calls, { accepted, admitted: admitted(1) })).toEqual([{ traceparent: 'first', deliveries: 1 }]);
  });

  test('have spans that fail and end when Redis is away; the error is still thrown', async () => {
    const calls: string[] = [];
    const begin = ({ parent }: { parent?: string | null }) => ({
      traceparent: '',
      ids: { trace_id: '', span_id: '' },
      set: () => undefined,
      rename: () => undefined,
      within: <Result>(work: () => Result) => work(),
      fail: (type: string) => void calls.push(`${String(parent)} ${type}`),
      end: () => void calls.push(`${String(parent)} ended`),
    });
    const tracing = {
      begin,
      run: () => Promise.reject(new Error()),
      activeIds: () => undefined,
      shutdown: () => Promise.resolve(),
    };
    const deliveries = ['one', 'two'].map((traceparent) => ({ traceparent, deliveries: 1 }));
    await expect(traceEnqueue(tracing, deliveries, () => Promise.reject(new RangeError('away')))).rejects.toThrow('away');
    expect(calls).toEqual(['one RangeError', 'two RangeError', 'one ended', 'two ended']);
  });
});
