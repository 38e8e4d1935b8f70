import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecret } from '@tidings/secrets';
import { createTestAuthority } from '@tidings/testing';
import { openTerminal } from '../../test/cli.js';
import { createForwarder } from './forward.js';
import { parseTarget } from './target.js';

const EVENT = { id: 'evt_1', type: 'sync.completed', version: 1, timestamp: '2026-11-24T10:00:00.000Z', json: '{}' };
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});
const listen = async (created: Server): Promise<number> => {
  server = created.listen(0, '127.0.0.1');
  await once(created, 'listening');
  return (created.address() as AddressInfo).port;
};
const forward = (target: string, skipVerify = false) =>
  createForwarder({ target: parseTarget(target), secret: createSecret(), timeoutMs: 10_000, skipVerify })(EVENT);

test('credentials of --forward-to are sent as Basic authentication, and are not part of the printed URL', async () => {
  const received: IncomingHttpHeaders[] = [];
  const port = await listen(
    createHttpServer(({ headers }, response) => {
      received.push(headers);
      response.end();
    }),
  );
  const target = `http://me:p%40ss%C3%A4@127.0.0.1:${String(port)}/hook?a=b`;
  expect(await forward(target)).toMatchObject({ statusCode: 200, error: null });
  expect(await forward(`http://127.0.0.1:${String(port)}/`)).toMatchObject({ statusCode: 200 });
  expect(received.map(({ authorization }) => authorization)).toEqual([
    `Basic ${Buffer.from('me:p@ssä').toString('base64')}`,
    undefined,
  ]);
  expect(parseTarget(target).url.href).toBe(`http://127.0.0.1:${String(port)}/hook?a=b`);
});

test('a receiver with a self-signed certificate gets events with --skip-verify only', async () => {
  const { key, cert } = await (await createTestAuthority()).issue();
  const port = await listen(createHttpsServer({ key, cert }, (_request, response) => response.end()));
  const target = `https://localhost:${String(port)}/hook`;
  expect(await forward(target)).toMatchObject({ statusCode: null, error: expect.stringMatching(/certificate|self.signed/) });
  expect(await forward(target, true)).toMatchObject({ statusCode: 200, error: null });
});

test('an error response and a redirect are failures, with the beginning of the body', async () => {
  const port = await listen(createHttpServer((_request, response) => response.writeHead(302, { location: '/' }).end('moved ')));
  expect(await forward(`http://127.0.0.1:${String(port)}/`)).toMatchObject({ statusCode: 302, error: 'moved' });
});

test.each(['ftp://me:hunter2@localhost/', 'me:hunter2@localhost', 'http://me:hunter2%@localhost/'])(
  'a wrong --forward-to is refused without its password: %s',
  async (target) => {
    const { code, err, out } = await openTerminal({ TIDINGS_TOKEN: 'x' }).run(['listen', '--forward-to', target]);
    expect(code).toBe(2);
    expect(err).toContain('--forward-to');
    expect(err + out).not.toContain('hunter2');
  },
);
