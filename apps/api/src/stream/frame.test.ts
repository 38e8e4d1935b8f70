import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createParser } from 'eventsource-parser';
import { frame, HEARTBEAT, notice, retryHint } from './frame.js';

function parse(bytes: Buffer) {
  const events: unknown[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event), onRetry: (retry) => events.push(retry) });
  parser.feed(bytes.toString());
  return events;
}

describe('a frame', () => {
  test('is an id, an event and one line of data', () => {
    expect(frame({ id: 'evt_1', type: 'sync.completed', data: '{"a":1}' }).toString()).toBe(
      'id: evt_1\nevent: sync.completed\ndata: {"a":1}\n\n',
    );
  });

  test('is read by an SSE parser as what was written, whatever the payload', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const data = JSON.stringify(JSON.parse(json));
        expect(parse(frame({ id: 'evt_1', type: 'a.b', data }))).toEqual([{ id: 'evt_1', event: 'a.b', data }]);
      }),
    );
  });

  test('of a notice has no id, so that the client keeps its last one', () => {
    expect(parse(notice('stream.gap', { last_event_id: 'x' }))).toEqual([
      { id: undefined, event: 'stream.gap', data: '{"last_event_id":"x"}' },
    ]);
  });

  test('of a heartbeat is nothing to a client, and of a hint is its wait', () => {
    expect(parse(HEARTBEAT)).toEqual([]);
    expect(parse(retryHint(1234.5))).toEqual([1235]);
  });
});
