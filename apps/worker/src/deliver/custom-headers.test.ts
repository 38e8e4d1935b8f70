import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { createAgents, createGuard, isReservedHeader, parseNetworks, type Agents } from '@tidings/egress';
import { createSeal, createSecret, sealedFor, sealHeaders } from '@tidings/secrets';
import { buildRequest } from './request.js';
import { createSender } from './send.js';

const seal = createSeal([{ id: 'test', key: Buffer.alloc(32, 1) }]);
const TIDINGS_HEADERS = [
  'host',
  'content-type',
  'content-length',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
];

let server: Server;
let agents: Agents;
/** The header names and values of the last request, as received. */
let received: [name: string, value: string][];
let body: string;
beforeAll(async () => {
  agents = createAgents({ guard: createGuard({ allowed: parseNetworks('127.0.0.0/8') }) });
  server = createServer((request, response) => {
    const { rawHeaders } = request;
    received = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []));
    body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.once('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  agents.close();
  server.close();
});

const spelling = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => Array.from(name, (letter, index) => (upper[index] ? letter.toUpperCase() : letter)).join(''));
const RESERVED = [
  ...TIDINGS_HEADERS.filter((name) => name !== 'host'),
  ...['host', 'connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'proxy-connection'],
  ...['content-encoding', 'accept-encoding', 'webhook-other', 'forwarded', 'x-forwarded-for', 'x-real-ip', 'via', '__proto__'],
];
const name = fc.oneof(
  fc.constantFrom(...RESERVED).chain(spelling),
  fc.constantFrom('constructor', 'toString', 'Authorization', 'Cookie'),
  fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/).filter((text) => !isReservedHeader(text)),
);
const value = fc.stringMatching(/^[\x21-\x7e]{1,20}$/).map((text) => `custom ${text}`);
/** Custom headers as a registration has them: no name occurs twice, in upper or lower case. */
const custom = fc.uniqueArray(fc.tuple(name, value), { maxLength: 20, selector: ([one]) => one.toLowerCase() });

test('sends each header of Tidings once and unchanged, with any custom headers in any spelling', async () => {
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`;
  const send = createSender({ agents, timeoutMs: 10_000 });
  const sealedSecret = seal.seal(createSecret(), sealedFor.secret('wh_1'));
  await fc.assert(
    fc.asyncProperty(custom, async (headers) => {
      const request = buildRequest(
        {
          webhookId: 'wh_1',
          url,
          sealedSecret,
          sealedPreviousSecrets: null,
          sealedHeaders: sealHeaders(seal, { id: 'wh_1', url }, Object.fromEntries(headers)),
          claimedAt: 1_795_000_000,
          eventId: 'evt_1',
          eventType: 'sync.completed',
          eventVersion: 1,
          eventTimestamp: '2026-11-24T10:00:00.000Z',
          eventData: '{}',
        },
        seal,
      );
      expect(await send(request)).toMatchObject({ statusCode: 200, errorClass: null });
      expect(body).toBe(request.body);

      const wire = received.map(([one, text]) => [one.toLowerCase(), text] as const);
      for (const header of TIDINGS_HEADERS) expect(wire.filter(([one]) => one === header)).toHaveLength(1);
      expect(Object.fromEntries(wire)).toMatchObject({
        'content-length': String(Buffer.byteLength(request.body)),
        'content-type': 'application/json',
        'user-agent': 'Tidings',
        'webhook-id': 'evt_1',
        'webhook-signature': request.headers['webhook-signature'],
        'webhook-timestamp': '1795000000',
      });
      // No reserved custom header was sent, and every other one was.
      const allowed = headers.filter(([one]) => !RESERVED.includes(one.toLowerCase()));
      const sent = wire.filter(([, text]) => text.startsWith('custom '));
      expect([...sent].sort()).toEqual(allowed.map(([one, text]) => [one.toLowerCase(), text]).sort());
    }),
    { numRuns: 150 },
  );
});
