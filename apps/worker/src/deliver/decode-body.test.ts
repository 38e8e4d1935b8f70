import { describe, expect, test } from '@jest/globals';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { decodeBody } from './decode-body.js';

const decode = (body: Buffer, headers: Record<string, string> = {}) => decodeBody(body, headers, 4096);

describe('the body of a response is text', () => {
  test.each<[string, Buffer]>([
    ['utf-8', Buffer.from('Grüße ✓')],
    ['UTF-8', Buffer.from('Grüße ✓')],
    ['unknown-charset', Buffer.from('Grüße ✓')],
  ])('in UTF-8, for the charset %s', async (charset, body) => {
    expect(await decode(body, { 'content-type': `text/plain; charset=${charset}` })).toBe('Grüße ✓');
  });

  test.each<[string, Buffer, string]>([
    ['iso-8859-1', Buffer.from('Grüße', 'latin1'), 'Grüße'],
    ['"Latin1"', Buffer.from('Grüße', 'latin1'), 'Grüße'],
    ['windows-1251', Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]), 'Привет'],
    ['Shift_JIS', Buffer.from([0x93, 0xfa, 0x96, 0x7b]), '日本'],
    ['utf-16le', Buffer.from('Grüße', 'utf16le'), 'Grüße'],
  ])('in its charset, %s', async (charset, body, text) => {
    expect(await decode(body, { 'content-type': `text/html;charset=${charset}` })).toBe(text);
  });

  test('that PostgreSQL can hold', async () => {
    expect(await decode(Buffer.from([0x61, 0x00, 0xff]))).toBe('a\ufffd\ufffd');
  });
});

describe('a compressed body', () => {
  const text = 'The field "user" is missing. '.repeat(3);
  test.each<[string, Buffer]>([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
  ])('is decompressed (%s)', async (coding, body) => {
    expect(await decode(body, { 'content-encoding': coding })).toBe(text);
  });

  test('is decompressed and then decoded by its charset', async () => {
    const headers = { 'content-encoding': 'gzip', 'content-type': 'text/plain; charset=iso-8859-1' };
    expect(await decode(gzipSync(Buffer.from('Grüße', 'latin1')), headers)).toBe('Grüße');
  });

  test.each<[string, Buffer]>([
    ['gzip', gzipSync(Buffer.alloc(50_000_000, 'x'))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000, 'x'))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000, 'x'))],
  ])('that grows without end is decompressed no further than is kept (%s)', async (coding, bomb) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await decode(bomb.subarray(0, 4096), { 'content-encoding': coding })).toBe('x'.repeat(4096));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test('of which only the beginning was kept is decompressed as far as that goes', async () => {
    const noise = Array.from({ length: 5000 }, (_, index) => String((index * 7919) % 10_007)).join(' ');
    const decoded = await decode(gzipSync(noise).subarray(0, 1000), { 'content-encoding': 'gzip' });
    expect(decoded.length).toBeGreaterThan(500);
    expect(noise.startsWith(decoded)).toBe(true);
  });

  test.each(['gzip', 'br', 'deflate'])('that is not compressed, although it says so, stays as it is (%s)', async (coding) => {
    expect(await decode(Buffer.from('plain'), { 'content-encoding': coding })).toBe('plain');
  });

  test.each(['zstd', 'gzip, br', 'identity', '__proto__'])('of another coding stays as it is (%s)', async (coding) => {
    expect(await decode(Buffer.from('plain'), { 'content-encoding': coding })).toBe('plain');
  });

  test('that is empty is empty', async () => {
    expect(await decode(Buffer.alloc(0), { 'content-encoding': 'gzip' })).toBe('');
    expect(await decode(gzipSync(''), { 'content-encoding': 'gzip' })).toBe('');
    expect(await decode(deflateSync(''), { 'content-encoding': 'deflate' })).toBe('');
    expect(await decode(brotliCompressSync(''), { 'content-encoding': 'br' })).toBe('');
  });
});
