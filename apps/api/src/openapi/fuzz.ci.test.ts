// Only in CI: it sends thousands of malformed requests.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isUtf8 } from 'node:buffer';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseJson } from '@tidings/events';
import { readDocument, type ApiDocument, type Operation } from '../../test/api-document.js';
import { malformedRequests, type RawRequest } from '../../test/malformed-requests.js';
import { startApi, type TestApi } from '../../test/start-api.js';

const RUNS = 100;
/** Much longer than any response takes: a request without a response by then hangs. */
const HANG_TIMEOUT_MS = 10_000;

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
  // Operator requests change mallory, not alice, who sends them: a disabled alice could send no more.
  ids = { owners: 'mallory', webhooks: String(webhook.id), deliveries: String(log.data[0].id) };
});
afterAll(async () => {
  agent.destroy();
  await api.stop();
});

interface OperationResponse {
  status: number;
  type: string;
  body: string;
}

function send({ method, path, headers, body }: RawRequest): Promise<OperationResponse> {
  return new Promise((resolve, reject) => {
    const authorization = `Bearer ${api.token('alice', { scope: 'events:publish admin' })}`;
    const { hostname, port } = new URL(api.url);
    // Not as a URL, because `URL` normalizes the path.
    const sent = request({
      hostname,
      port,
      path,
      method,
      agent,
      timeout: HANG_TIMEOUT_MS,
      headers: { ...headers, authorization },
    });
    sent.on('timeout', () => sent.destroy(new Error(`No response within ${String(HANG_TIMEOUT_MS)} ms.`)));
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

const JARGON = /Invalid input|expected (string|number|int|boolean|array|object|record|nonoptional|undefined)|received/;

/** Whether the body is declared as JSON, and is not UTF-8 or not the JSON that `parseJson` accepts. */
function isRefused({ headers, body }: RawRequest): boolean {
  if (
    body === undefined ||
    headers['content-encoding'] !== undefined ||
    !/^application\/json$/.test(headers['content-type'] ?? '')
  )
    return false;
  if (!isUtf8(body)) return true;
  try {
    parseJson(body.toString().replace(/^\ufeff/, ''));
    return false;
  } catch {
    return body.length > 0;
  }
}

/**
 * Expects a response that the document names, never a 5xx, with a problem document for a 4xx in plain words. A body that is not
 * UTF-8 or not strict JSON is never accepted.
 */
function checkResponse(operation: Operation, sent: RawRequest, { status, type, body }: OperationResponse): void {
  expect(status).toBeLessThan(500);
  // A route without a body reads none.
  if (operation.example !== undefined && isRefused(sent)) expect(status).toBeGreaterThanOrEqual(400);
  if (status === 400) expect(body).not.toMatch(JARGON);
  if (status >= 400) expect(type).toBe('application/problem+json');
  const named = Object.keys(operation.responses).map(Number);
  // A malformed path may not match the operation (404); 304 is the HTTP response to If-None-Match: *.
  expect([...named, 304, 404]).toContain(status);
  if (type.endsWith('json') && named.includes(status)) document.check(operation, status, JSON.parse(body));
}

test(`${String(RUNS)} malformed requests to each route get responses that the document names, and the process survives`, async () => {
  for (const operation of document.operations) {
    await fc.assert(
      fc.asyncProperty(malformedRequests(operation, ids), async (malformed) => {
        checkResponse(operation, malformed, await send(malformed));
      }),
      { numRuns: RUNS },
    );
  }
  expect((await send({ method: 'GET', path: '/healthz', headers: {} })).status).toBe(200);
}, 600_000);
