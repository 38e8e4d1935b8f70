import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LookupAddress } from 'node:dns';
import { createGuard, type Resolve } from './guard.js';
import { checkUrl } from './url.js';

/** The first gate: the check of the URL when a webhook is registered or changed. */
const registers = (url: string) => checkUrl(url, { requireHttps: false, addresses: { allowed: [] } }) === null;

const as = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });
/** Answers each look-up with the next list; the last list is repeated. */
function resolver(...answers: string[][]): Resolve {
  return (_host, _options, callback) => {
    const addresses = answers.length > 1 ? answers.shift() : answers[0];
    callback(null, (addresses ?? []).map(as));
  };
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname;
  } catch {
    return undefined;
  }
}

/** The second gate: the addresses that a socket would connect to for the URL, or the code of the error. */
async function dials(url: string, resolve: Resolve = resolver(['127.0.0.1'])): Promise<string> {
  const host = hostOf(url)?.replace(/^\[|\]$/g, '');
  if (host === undefined) return 'no URL';
  return createGuard({ allowed: [], resolve })
    .resolve(host)
    .then((addresses) => addresses.join(' '))
    .catch((error: unknown) => String((error as NodeJS.ErrnoException).code));
}

const SPELLINGS = [
  // Numbers in other bases, with fewer parts, and as one number.
  ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0X7F000001', '017700000001', '0x7f.0.0.1', '0177.0.0.1'],
  ...[
    '0177.0.0.01',
    '0x7f.1',
    '0x7f.0x0.0x0.0x1',
    '00000177.0.0.1',
    '127.0.0.1.',
    '0',
    '0.0.0.0',
    '00.00.00.00',
    '10.1',
    '167772161',
  ],
  ...[
    '0xa.0.0.1',
    '012.0.0.1',
    '192.168.1',
    '3232235777',
    '0xc0a80101',
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.169.254',
  ],
  ...['100.64.0.1', '168.63.129.16', '255.255.255.255', '4294967295', '224.0.0.1', '198.18.0.1', '192.0.2.1', '172.16.0.1'],
  // Characters that URL parsing normalises.
  ...['１２７.0.0.1', '127。0。0。1', '127．0．0．1', '①②⑦.0.0.1', '%31%32%37.0.0.1', '127%2e0%2e0%2e1', '0x7F%2E1', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ'],
  ...[
    'LOCALHOST',
    'localhost',
    'localhost.',
    'local\u00adhost',
    'loc%61lhost',
    'ｌｏｃａｌｈｏｓｔ',
    'app.localhost',
    'localhost.localdomain',
  ],
  // Internal names.
  ...['db', 'kubernetes', 'metadata.google.internal', 'metadata.google.internal.', 'printer.local', 'redis.default.svc'],
  ...['redis.default.svc.cluster.local', 'router.lan', 'nas.home.arpa', 'mail.corp', 'wiki.intranet', 'a.private'],
  // IPv6, and IPv4 inside IPv6.
  ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[::127.0.0.1]', '[::7f00:1]'],
  ...['[::ffff:127.0.0.1]', '[::FFFF:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::ffff:0:127.0.0.1]', '[::ffff:a9fe:a9fe]'],
  ...['[64:ff9b::127.0.0.1]', '[64:ff9b::a00:1]', '[64:ff9b:1::127.0.0.1]', '[64:ff9b:1:7f00:0:100::]', '[2002:7f00:1::]'],
  ...['[2002:a9fe:a9fe::1]', '[2001:0:4136:e378:8000:63bf:80ff:fffe]', '[2606:4700::5efe:127.0.0.1]', '[fe80::1]', '[fec0::1]'],
  ...[
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '[100::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[4000::1]',
    '[5f00::1]',
    '[fe80::1%25lo]',
  ],
];

describe('a forbidden host', () => {
  test('is written in more than eighty ways here', () => {
    expect(new Set(SPELLINGS).size).toBeGreaterThan(80);
  });

  test.each(SPELLINGS)('is refused by both gates: %s', async (host) => {
    for (const url of [`http://${host}/`, `https://${host}:8443/hook?a=b`]) {
      expect(registers(url)).toBe(false);
      expect(['EBLOCKED', 'EBLOCKEDNAME', 'no URL']).toContain(await dials(url));
    }
  });

  test.each([
    'http://example.com@127.0.0.1/',
    'http://127.0.0.1@example.com/',
    'http://example.com:80@127.0.0.1/',
    'http://example.com%40127.0.0.1/',
    'http://127.0.0.1\\@example.com/',
    'http://example.com\\@127.0.0.1/',
    'http:\\\\127.0.0.1/',
    'http:127.0.0.1',
    'http:/127.0.0.1',
    'http:///127.0.0.1',
    'http://127.0.0.1#@example.com/',
    'http://127.0.0.1?@example.com/',
    'http://127.0.0.1 .example.com/',
    'http://example.com\t.127.0.0.1/',
    '\u0001http://127.0.0.1/',
    'http://exam\nple.com/',
    'http://\u2028example.com/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'unix:/var/run/docker.sock',
    '//127.0.0.1/',
  ])('is not hidden by the way a URL is written: %j', (url) => {
    expect(registers(url)).toBe(false);
  });

  test('is refused in every spelling of every address of the private networks', async () => {
    await fc.assert(
      fc.asyncProperty(privateV4, spelling, async (address, spell) => {
        const url = `http://${spell(address)}/`;
        expect([url, registers(url)]).toEqual([url, false]);
        // An unusual spelling may not be an address, but a name.
        expect(['EBLOCKED', 'EBLOCKEDNAME']).toContain(await dials(url, resolver([dotted(address)])));
      }),
      { numRuns: 1000 },
    );
  });

  test('is refused in every spelling as an IPv6 address, and as the answer of DNS', async () => {
    await fc.assert(
      fc.asyncProperty(privateV4, embedding, v6Spelling, async (address, embed, spell) => {
        const host = spell(embed(address));
        const url = `http://[${host}]/`;
        expect([url, registers(url)]).toEqual([url, false]);
        expect([url, await dials(url)]).toEqual([url, 'EBLOCKED']);
        expect([host, await dials('http://shop.example/', resolver([host]))]).toEqual([host, 'EBLOCKEDNAME']);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the answer of DNS', () => {
  const shop = 'https://shop.example/';

  test('is used when all of its addresses are public', async () => {
    expect(await dials(shop, resolver(['8.8.8.8', '2606:4700::1111']))).toBe('8.8.8.8 2606:4700::1111');
  });

  test.each([
    [['8.8.8.8', '10.0.0.1']],
    [['10.0.0.1', '8.8.8.8']],
    [['2606:4700::1111', '::1']],
    [['8.8.8.8', '::ffff:127.0.0.1']],
  ])('is refused as a whole when one address is not public: %j', async (answer) => {
    expect(await dials(shop, resolver(answer))).toBe('EBLOCKEDNAME');
  });

  test('is checked by the end of a chain of aliases, which is all that a look-up returns', async () => {
    const aliases: Record<string, string> = { 'shop.example.': 'cdn.example', 'cdn.example': 'db.internal' };
    const addresses: Record<string, string[]> = { 'db.internal': ['10.0.0.5'] };
    const follow: Resolve = (host, options, callback) => {
      const alias = aliases[host];
      if (alias === undefined) callback(null, (addresses[host] ?? []).map(as));
      else follow(alias, options, callback);
    };
    expect(await dials(shop, follow)).toBe('EBLOCKEDNAME');
  });

  test('is looked up again for each connection: an answer that changes later is refused then (rebinding)', async () => {
    const rebinding = resolver(['8.8.8.8'], ['127.0.0.1']);
    expect(await dials(shop, rebinding)).toBe('8.8.8.8');
    expect(await dials(shop, rebinding)).toBe('EBLOCKEDNAME');
  });
});

type V4 = readonly [number, number, number, number];
const byte = fc.integer({ min: 0, max: 255 });
const privateV4: fc.Arbitrary<V4> = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127, 224, 255), byte, byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
);
const dotted = (address: V4) => address.join('.');
const number = ([a, b, c, d]: V4) => ((a * 256 + b) * 256 + c) * 256 + d;

/** Writes one part of an address in one of the bases that URL parsing reads. */
const base = fc.constantFrom<(value: number) => string>(
  (value) => String(value),
  (value) => `0x${value.toString(16)}`,
  (value) => `0X${value.toString(16).toUpperCase()}`,
  (value) => `0${value.toString(8)}`,
  (value) => `000${value.toString(8)}`,
);
const disguise = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => `${text}.`,
  (text) => text.replaceAll('.', '。'),
  (text) => text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (text) => text.replaceAll(/[\d.]/g, (character) => `%${character.charCodeAt(0).toString(16)}`),
);
const spelling = fc
  .tuple(base, base, base, base, fc.integer({ min: 1, max: 4 }), disguise)
  .map(([one, two, three, four, parts, disguised]) => (address: V4): string => {
    const [a, b, c] = address;
    const last = number(address) % 256 ** (5 - parts);
    return disguised(
      [one(a), two(b), three(c)]
        .slice(0, parts - 1)
        .concat(four(last))
        .join('.'),
    );
  });

const hex = (value: number) => value.toString(16);
/** Each way to embed an IPv4 address in an IPv6 address, as eight groups. */
const embedding = fc.constantFrom<(address: V4) => number[]>(
  (v4) => [0, 0, 0, 0, 0, 0xffff, ...halves(v4)],
  (v4) => [0, 0, 0, 0, 0, 0, ...halves(v4)],
  (v4) => [0, 0, 0, 0, 0xffff, 0, ...halves(v4)],
  (v4) => [0x64, 0xff9b, 0, 0, 0, 0, ...halves(v4)],
  (v4) => [0x64, 0xff9b, 1, 0, 0, 0, ...halves(v4)],
  (v4) => [0x2002, ...halves(v4), 0, 0, 0, 0, 1],
  (v4) => [0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, ...halves(v4).map((half) => half ^ 0xffff)],
  (v4) => [0x2606, 0x4700, 0, 0, 0, 0x5efe, ...halves(v4)],
);
const halves = ([a, b, c, d]: V4): [number, number] => [a * 256 + b, c * 256 + d];
const v6Spelling = fc.constantFrom<(groups: number[]) => string>(
  (groups) => groups.map(hex).join(':'),
  (groups) => groups.map((group) => hex(group).padStart(4, '0').toUpperCase()).join(':'),
  (groups) =>
    groups
      .map(hex)
      .join(':')
      .replace(/(^|:)0(:0)+(:|$)/, '::'),
  (groups) => {
    const [high = 0, low = 0] = groups.slice(6);
    return `${groups.slice(0, 6).map(hex).join(':')}:${String(high >> 8)}.${String(high & 255)}.${String(low >> 8)}.${String(low & 255)}`;
  },
);
