import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EXIT } from './failure.js';
import { run } from './run.js';
import { visible } from './visible.js';

test.each([
  ['\x1b[2J\x1b]0;title\x07', String.raw`\u001b[2J\u001b]0;title\u0007`],
  ['\x9b31mred', String.raw`\u009b31mred`],
  ['a\r\x7fb\0', String.raw`a\u000d\u007fb\u0000`],
  ['\u202egnp.exe \u2066x\u2069 \u200f', String.raw`\u202egnp.exe \u2066x\u2069 \u200f`],
  ['two\nlines\tand a tab, ünïcödé 🎵 עברית', 'two\nlines\tand a tab, ünïcödé 🎵 עברית'],
])('%j is printed as %j', (text, expected) => {
  expect(visible(text)).toBe(expected);
});

test('JSON stays the same value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(visible(JSON.stringify(text)))).toBe(text);
    }),
  );
});

test('no command prints control characters', async () => {
  const printed: string[] = [];
  const write = (line: string) => void printed.push(line);
  const io = { env: {}, folder: '.', configFolder: '.', stdin: () => Promise.resolve(Buffer.alloc(0)), redraw: null };
  const waitForShutdown = () => new AbortController().signal;
  expect(await run(['\x1b[2J'], { ...io, out: write, err: write, waitForShutdown })).toBe(EXIT.usage);
  expect(printed.join('')).toContain(String.raw`\u001b[2J`);
});
