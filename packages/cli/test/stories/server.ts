import { describe, expect, test } from '@jest/globals';
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
