import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { createLogger, type LoggerOptions } from './logger.js';

/** Returns the text that is written while `work` logs. */
function written(options: Partial<LoggerOptions>, work: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  work(createLogger({ service: 'api', level: 'info', format: 'json', ...options, stream }));
  return text;
}
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('a JSON log', () => {
  test('has one object per line: time, service, level, message and details', () => {
    const text = written({}, (log) => {
      log.info('Accepted.', { event_id: 'evt_1', count: 2 });
      log.error('Failed.\nTwice.');
    });
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines(text)).toEqual([
      { timestamp, service: 'api', level: 'info', message: 'Accepted.', event_id: 'evt_1', count: 2 },
      { timestamp, service: 'api', level: 'error', message: 'Failed.\nTwice.' },
    ]);
  });

  test('has the context of the time of logging on each line; details of the line win', () => {
    let trace: object | undefined = { trace_id: 'a', span_id: 'b' };
    const text = written({ context: () => trace }, (log) => {
      log.info('Inside.', { event_id: 'evt_1' });
      log.warn('Inside, too.');
      log.info('Its own.', { trace_id: 'c' });
      trace = undefined;
      log.info('Outside.', { event_id: 'evt_2' });
      log.info('Outside, too.');
    });
    const common = { timestamp: expect.any(String), service: 'api', level: 'info' };
    expect(lines(text)).toEqual([
      { ...common, message: 'Inside.', event_id: 'evt_1', trace_id: 'a', span_id: 'b' },
      { ...common, level: 'warn', message: 'Inside, too.', trace_id: 'a', span_id: 'b' },
      { ...common, message: 'Its own.', trace_id: 'c', span_id: 'b' },
      { ...common, message: 'Outside.', event_id: 'evt_2' },
      { ...common, message: 'Outside, too.' },
    ]);
  });

  test('leaves out lines below its level', () => {
    const logAll = (log: ReturnType<typeof createLogger>) => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](level);
    };
    expect(lines(written({ level: 'warn' }, logAll))).toMatchObject([{ message: 'warn' }, { message: 'error' }]);
    expect(lines(written({ level: 'debug' }, logAll))).toHaveLength(4);
  });
});

describe('a pretty log', () => {
  test('has a line with the time of day, the service, the level, the message and the details', () => {
    const text = written({ format: 'pretty' }, (log) => log.warn('Slow.', { ms: 1200 }));
    // eslint-disable-next-line no-control-regex -- colours are control sequences
    expect(text.replace(/\u001b\[\d+m/g, '')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} api {4}warn Slow\. \{"ms":1200\}\n$/);
  });

  test('has nothing after the message when there are no details', () => {
    expect(written({ format: 'pretty' }, (log) => log.info('Ready.'))).toMatch(/ Ready\.\n$/);
  });

  test('can write values that JSON cannot', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(written({ format: 'pretty' }, (log) => log.info('Odd.', { big: 1n, loop }))).toContain('"big":"1"');
  });
});

describe.each(['json', 'pretty'] as const)('a secret in a %s log', (format) => {
  test.each<[string, (log: ReturnType<typeof createLogger>) => void]>([
    ['a message', (log) => log.info('Got Bearer hunter2')],
    ['the details', (log) => log.info('Got it.', { headers: { authorization: 'hunter2' } })],
    [
      'an error',
      (log) => log.warn('Broke.', { error: new Error('redis://:hunter2@cache', { cause: new Error('whsec_hunter2') }) }),
    ],
    ['the fields of a child logger', (log) => log.child({ token: 'hunter2' }).info('Got it.')],
  ])('is never written: in %s (I8)', (_, work) => {
    const text = written({ format }, work);
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter2');
  });
});
