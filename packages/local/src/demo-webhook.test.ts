import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ensureDemoWebhook } from './demo-webhook.js';
import { temporaryFolder } from './folder.js';

const NONE = { status: 200, body: { data: [] } };
const WEBHOOK = { id: 'wh_1', secret: 'whsec_1' };

let temporary: ReturnType<typeof temporaryFolder>;
let api: Server;
let requests: string[];
/** The API's responses, in order. */
let answers: { status: number; body?: object }[];

beforeEach(async () => {
  temporary = temporaryFolder();
  requests = [];
  api = createServer((request, response) => {
    requests.push(`${String(request.method)} ${String(request.url)}`);
    const { status, body = {} } = answers.shift() ?? { status: 500 };
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? undefined : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
});

afterEach(() => {
  temporary.remove();
  api.close();
  api.closeAllConnections();
});

function ensure() {
  const apiUrl = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`;
  return ensureDemoWebhook({
    file: join(temporary.folder, 'demo.json'),
    apiUrl,
    token: 'token',
    url: 'http://127.0.0.1:4000/hook',
  });
}

describe("the demo receiver's webhook", () => {
  test('is registered once, and gets the URL of the receiver at every start', async () => {
    answers = [
      NONE,
      { status: 201, body: { ...WEBHOOK, url: 'http://127.0.0.1:4000/hook' } },
      { status: 200, body: { id: 'wh_1' } },
    ];
    expect(await ensure()).toEqual(WEBHOOK);
    expect(await ensure()).toEqual(WEBHOOK);
    expect(requests).toEqual(['GET /api/webhooks?limit=100', 'POST /api/webhooks', 'PATCH /api/webhooks/wh_1']);
    expect(statSync(join(temporary.folder, 'demo.json')).mode & 0o777).toBe(0o600);
  });

  test('is registered again after it was deleted', async () => {
    const next = { id: 'wh_2', secret: 'whsec_2' };
    answers = [NONE, { status: 201, body: WEBHOOK }, { status: 404 }, NONE, { status: 201, body: next }];
    await ensure();
    expect(await ensure()).toEqual(next);
  });

  test('replaces a demo webhook whose secret is lost, and no other webhook', async () => {
    const others = [
      { id: 'wh_8', description: 'The demo receiver of npm start' },
      { id: 'wh_9', description: null },
    ];
    answers = [{ status: 200, body: { data: others } }, { status: 204 }, { status: 201, body: WEBHOOK }];
    expect(await ensure()).toEqual(WEBHOOK);
    expect(requests).toEqual(['GET /api/webhooks?limit=100', 'DELETE /api/webhooks/wh_8', 'POST /api/webhooks']);
  });

  test('throws an error when the API refuses it', async () => {
    answers = [NONE, { status: 409, body: { title: 'Too many webhooks' } }];
    await expect(ensure()).rejects.toThrow('POST /api/webhooks: {"title":"Too many webhooks"}');
  });
});
