import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { malformedRequests, type RawRequest } from '../../test/malformed-requests.js';
import { startApi, type TestApi } from '../../test/start-api.js';

const RUNS = 100;
/** Far beyond what any answer takes: what is not answered by then hangs. */
const HANGS_MS = 10_000;

let api: TestApi;
let document: ApiDocument;
let ids: Record<string, string>;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  api = await startApi();
  document = await readDocument(api);
  const alice = api.as('alice', 'events:publish');
  const { body: webhook } = await alice.post('/api/webhooks').send({ url: 'https://example.com/' });
  await alice.post('/api/events').send({ type: 'sync.failed', data: { user_id: 'alice', error_message: '' } });
  const { body: log } = await alice.get(`/api/webhooks/${String(webhook.id)}/deliveries`);
  // The operators' routes may do to another what they like: alice stays who she is.
  ids = { owners: 'mallory', webhooks: String(webhook.id), deliveries: String(log.data[0].id) };
});
afterAll(async () => {
  agent.destroy();
  await api.stop();
});

interface Answer {
  status: number;
  type: string;
  body: string;
}

function send({ method, path, headers, body }: RawRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const authorization = `Bearer ${api.token('alice', { scope: 'events:publish admin' })}`;
    const { hostname, port } = new URL(api.url);
    // Not as a URL, which would tidy the path up.
    const sent = request({ hostname, port, path, method, agent, timeout: HANGS_MS, headers: { ...headers, authorization } });
    sent.on('timeout', () => sent.destroy(new Error(`No answer within ${String(HANGS_MS)} ms.`)));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const status = Number(response.statusCode);
      const type = response.headers['content-type']?.split(';')[0] ?? '';
      if (type === 'text/event-stream') {
        response.destroy();
        resolve({ status, type, body: '' });
      } else {
        text(response).then((body) => {
          resolve({ status, type, body });
        }, reject);
      }
    });
    sent.end(body);
  });
}

/** An answer that the document names: never a 5xx, and a problem document from 400 on. */
function judge(operation: Operation, { status, type, body }: Answer): void {
  expect(status).toBeLessThan(500);
  if (status >= 400) expect(type).toBe('application/problem+json');
  const named = Object.keys(operation.responses).map(Number);
  // Another path than the operation's own may be meant; 304 is HTTP's own answer to If-None-Match: *.
  expect([...named, 304, 404]).toContain(status);
  if (type.endsWith('json') && named.includes(status)) document.check(operation, status, JSON.parse(body));
}

test(`${String(RUNS)} malformed requests to every route are answered as the document says, and the process lives`, async () => {
  for (const operation of document.operations) {
    await fc.assert(
      fc.asyncProperty(malformedRequests(operation, ids), async (malformed) => {
        judge(operation, await send(malformed));
      }),
      { numRuns: RUNS },
    );
  }
  expect((await send({ method: 'GET', path: '/healthz', headers: {} })).status).toBe(200);
}, 300_000);
