import { describe, expect, test } from '@jest/globals';
import { acceptsType } from './accepts.js';

const accepts = (header: string | undefined) => acceptsType(header, 'text/event-stream');

describe('an Accept header', () => {
  test.each([
    undefined,
    '',
    '*/*',
    'text/event-stream',
    'TEXT/Event-Stream',
    'text/event-stream;charset=utf-8',
    'text/event-stream; charset="utf-8"',
    'text/event-stream;charset=utf-8;q=0.5',
    'text/event-stream ; q=0.001',
    'text/*',
    'text/*;q=0.1, application/json',
    'application/json, text/event-stream',
    'text/html, application/xhtml+xml, */*;q=0.8',
    'application/json;x="a, text/html;q=0", text/event-stream',
    'text/event-stream;q=0;level=1, text/event-stream',
    'nonsense',
  ])('accepts the type: %s', (header) => {
    expect(accepts(header)).toBe(true);
  });

  test.each([
    'text/html',
    'application/json;charset=utf-8',
    'text/event-stream;q=0',
    'text/event-stream;charset=utf-8;q=0.000, */*',
    '*/*;q=0',
    'text/*;q=0, */*',
    'application/*',
    'application/json;x="text/event-stream"',
    'text/event-streams',
  ])('refuses the type: %s', (header) => {
    expect(accepts(header)).toBe(false);
  });
});
