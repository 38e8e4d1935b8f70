import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openTerminal } from '../cli.js';
import type { System } from '../system.js';

/** Tests of the options that select server and token, and of errors of the server. */
export function serverStories(system: () => System): void {
  describe('a command that calls the API', () => {
    test('prints in one line that there is no token, and how to get one', async () => {
      const { code, out, err } = await openTerminal().run('webhooks list');
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(/^error: there is no token\. Set TIDINGS_TOKEN .*npx tidings token --sub alice.*$/);
    });

    test('refuses a token that is not a JWT, and reports one that the server does not accept', async () => {
      const env = { TIDINGS_URL: system().tidings.url };
      expect(await openTerminal({ ...env, TIDINGS_TOKEN: 'Bearer abc' }).run('webhooks list')).toMatchObject({
        code: 2,
        err: expect.stringContaining('not a JWT'),
      });
      const foreign = `${system().tidings.token('alice').split('.').slice(0, 2).join('.')}.AAAA`;
      const { code, err } = await openTerminal({ ...env, TIDINGS_TOKEN: foreign }).run('webhooks list');
      expect(code).toBe(3);
      expect(err).toContain('The server does not accept the token: it is wrong, expired or revoked. Set TIDINGS_TOKEN');
    });

    test('exits with 4 when the server cannot be reached', async () => {
      const terminal = system().as('alice');
      const { code, err } = await terminal.run('webhooks list --url http://127.0.0.1:9');
      expect(code).toBe(4);
      expect(err).toContain('http://127.0.0.1:9 cannot be reached');
      expect((await terminal.run('webhooks list --url nowhere')).code).toBe(2);
    });

    test.each(['', '/'])(
      'reaches an API below a path, whose other paths belong to another application (URL ends with "%s")',
      async (end) => {
        const strangers: string[] = [];
        const { server, url } = await serveBelow('/tidings', system().tidings.url, strangers);
        const token = system().tidings.token('olga', 'admin events:publish');
        const terminal = openTerminal({ TIDINGS_URL: url + end, TIDINGS_TOKEN: token });
        expect((await terminal.run('webhooks list')).code).toBe(0);
        expect((await terminal.run('trigger sync.completed --set user_id=olga')).code).toBe(0);
        const listening = terminal.start('listen --forward-to http://127.0.0.1:9/ --since start');
        await listening.waitFor('forwarded');
        await listening.stop();
        const { json } = await terminal.json('doctor');
        const levels = new Map((json.findings as { check: string; level: string }[]).map(({ check, level }) => [check, level]));
        expect(['API', 'token', 'egress', 'clocks'].map((check) => levels.get(check))).toEqual(['ok', 'ok', 'warning', 'ok']);
        server.closeAllConnections();
        server.close();
        expect(strangers).toEqual([]);
      },
    );

    test('prints errors as JSON with --json, and nothing else', async () => {
      const terminal = system().as('alice');
      const refused = await terminal.json('webhooks create ftp://example.com/ --max-in-flight 0');
      expect(refused).toMatchObject({ code: 3, json: undefined });
      expect(refused.err.error.problem.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
        'max_in_flight',
        'url',
      ]);
      const unknown = await terminal.json('webhooks create');
      expect(unknown).toMatchObject({ code: 2, json: undefined, err: { error: { exit_code: 2 } } });
    });
  });
}

/** Starts a proxy that serves `target` below a path. Requests for other paths are answered with 404, and added to `strangers`. */
async function serveBelow(path: string, target: string, strangers: string[]): Promise<{ server: Server; url: string }> {
  const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { url = '', method, headers } = incoming;
    if (!url.startsWith(`${path}/`)) {
      strangers.push(url);
      response.writeHead(404).end();
      return;
    }
    const sent = request(target + url.slice(path.length), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    sent.once('error', () => response.destroy());
    response.once('close', () => sent.destroy());
    incoming.pipe(sent);
  };
  const server = createServer(forward).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}` };
}
