import { describe, expect, test } from '@jest/globals';
import { openTerminal } from '../test/cli.js';

const run = (args: string[]) => openTerminal().run(args);

describe('tidings', () => {
  test('lists its commands', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect([...out.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name)).toEqual(
      'listen trigger types webhooks deliveries replay verify token revoke reseal doctor completion help'.split(' '),
    );
    expect((await run(['replay', '--help'])).out).toContain('--dry-run');
  });

  test.each(['--version', '-V'])('prints its version with %s', async (option) => {
    expect(await run([option])).toEqual({ code: 0, out: '0.1.0', err: '' });
  });

  test.each([
    ['an unknown command', ['lissten'], "unknown command 'lissten'"],
    ['the name of a property of every object', ['constructor'], "unknown command 'constructor'"],
    ['an unknown option', ['token', '--sub', 'alice', '--scop', 'x'], "unknown option '--scop'"],
    ['a group without a command', ['webhooks'], 'Usage: tidings webhooks'],
    ['no arguments', [], 'Usage: tidings'],
  ])('exits with 2 for %s, and prints the error once', async (_case, args, message) => {
    const { code, out, err } = await run(args);
    expect({ code, out, parts: err.split(message).length }).toEqual({ code: 2, out: '', parts: 2 });
  });
});
