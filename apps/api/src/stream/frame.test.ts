import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createParser } from 'eventsource-parser';
import { escapeLineSeparators } from '@tidings/events';
import { frame, HEARTBEAT, joined, notice, retryHint, type Frame } from './frame.js';

function parse({ content }: Frame) {
  const events: unknown[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event), onRetry: (retry) => events.push(retry) });
  parser.feed(content.toString());
  return events;
}

/** Decodes a chunked body (RFC 9112, section 7.1). */
function dechunk(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = parseInt(bytes.toString('latin1', at, lineEnd), 16);
    text += bytes.toString('utf8', lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
  return text;
}

/** Texts with many characters that are special in the format. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\r\n', ':', ' ', '\u{FEFF}', '\u2028', 'data:', 'ä', '🎵'),
    fc.string({ unit: 'grapheme' }),
  ),
});
/** The text with every line end as a line feed, as parsers return it. */
const withLineFeeds = (data: string) => data.replaceAll(/\r\n|\r/g, '\n');

describe('a frame', () => {
  test('holds an id, an event and one line of data', () => {
    expect(frame({ id: 'evt_1', type: 'sync.completed', data: '{"a":1}' }).content.toString()).toBe(
      'id: evt_1\nevent: sync.completed\ndata: {"a":1}\n\n',
    );
  });

  test('is parsed to the JSON that was written, with the line separators of Unicode as escapes', () => {
    fc.assert(
      fc.property(fc.json(), text, (json, string) => {
        for (const data of [JSON.stringify(JSON.parse(json)), JSON.stringify(string)]) {
          expect(parse(frame({ id: 'evt_1', type: 'a.b', data }))).toEqual([
            { id: 'evt_1', event: 'a.b', data: escapeLineSeparators(data) },
          ]);
        }
      }),
    );
  });

  test('may hold empty data or many lines, and ids and types of any characters', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/[\0\r\n]/.test(name) && name.trim() === name);
    fc.assert(
      fc.property(name, name, text, (id, type, data) => {
        const { chunk } = frame({ id, type, data });
        expect(parse(frame({ id, type, data }))).toEqual([{ id, event: type, data: withLineFeeds(escapeLineSeparators(data)) }]);
        expect(dechunk(chunk)).toBe(frame({ id, type, data }).content.toString());
      }),
    );
    expect(parse(frame({ id: 'e', type: 't', data: '' }))).toEqual([{ id: 'e', event: 't', data: '' }]);
  });

  test('is one chunk of a chunked body, also when frames are joined', () => {
    const frames = [frame({ id: '1', type: 't', data: '"ä"' }), HEARTBEAT, retryHint(7)];
    const all = joined(frames);
    expect(dechunk(all.chunk)).toBe(frames.map(({ content }) => content.toString()).join(''));
    expect(dechunk(Buffer.concat(frames.map(({ chunk }) => chunk)))).toBe(dechunk(all.chunk));
    // One length line and one chunk end.
    expect(all.chunk.toString().match(/\r\n/g)).toHaveLength(2);
    expect(parse(all)).toEqual([{ id: '1', event: 't', data: '"ä"' }, 7]);
  });

  test('of a notice without an id does not change the client’s last event id', () => {
    expect(parse(notice('stream.gap', { last_event_id: 'x', oldest_event_id: null }))).toEqual([
      { id: undefined, event: 'stream.gap', data: '{"last_event_id":"x","oldest_event_id":null}' },
    ]);
  });

  test('of a notice has no line separators of Unicode either', () => {
    const { content } = notice('stream.gap', { last_event_id: 'a\u2028b\u0085', oldest_event_id: null });
    expect(content.toString()).toContain('data: {"last_event_id":"a\\u2028b\\u0085","oldest_event_id":null}\n');
  });

  test('of a heartbeat is ignored by clients, and of a retry hint sets their wait', () => {
    expect(parse(HEARTBEAT)).toEqual([]);
    expect(parse(retryHint(1234.5))).toEqual([1235]);
  });
});
