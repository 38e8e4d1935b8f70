import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { openTerminal } from '../test/cli.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = '{"type":"sync.failed","data":{"text":"ü\\n"}}\n';

/** The options for a webhook that was sent so many seconds ago, signed by the library of Standard Webhooks. */
function sent(secondsAgo: number): string[] {
  const at = new Date(Date.now() - secondsAgo * 1000);
  const signature = new Webhook(SECRET).sign('evt_1', at, BODY);
  return ['verify', '--id', 'evt_1', '--timestamp', String(Math.floor(at.getTime() / 1000)), '--signature', signature];
}
const folder = mkdtempSync(join(tmpdir(), 'tidings verify-'));
const stdin = () => Promise.resolve(Buffer.from(BODY));
const verify = (args: string[], secret = SECRET) => openTerminal({ WEBHOOK_SECRET: secret }).run(args, { stdin, folder });

describe('tidings verify', () => {
  test('says that a webhook is genuine, whether its body comes from standard input or from a file', async () => {
    expect(await verify(sent(10))).toEqual({ code: 0, out: '✓ genuine', err: '' });
    writeFileSync(join(folder, 'body.json'), BODY);
    const nothing = () => Promise.resolve(Buffer.from(''));
    const fromFile = await openTerminal().run([...sent(10), '--secret', SECRET, 'body.json'], { stdin: nothing, folder });
    expect(fromFile.code).toBe(0);
  });

  test('exits with 1 for one that was changed, and says what it looked at', async () => {
    const args = sent(10).map((arg) => (arg === 'evt_1' ? 'evt_2' : arg));
    expect(await verify(args)).toMatchObject({ code: 1, out: expect.stringMatching(/^✗ not valid: .* these 46 bytes/) });
    expect((await verify(sent(10), 'whsec_AAAA')).code).toBe(1);
    const { code, json } = await openTerminal({ WEBHOOK_SECRET: SECRET }).json(args, { stdin });
    expect({ code, json }).toMatchObject({ code: 1, json: { valid: false, signature_matches: false } });
  });

  test('exits with 1 for one that is too old, unless its age does not matter', async () => {
    expect(await verify(sent(400))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/the signature is right, but 40[0-9] s old$/),
    });
    expect((await verify(sent(-400))).out).toMatch(/s ahead of this clock$/);
    expect((await verify([...sent(400), '--tolerance', '10m'])).code).toBe(0);
    expect((await verify([...sent(400), '--no-age'])).code).toBe(0);
  });

  test.each([
    ['without a secret', sent(0), '', 'there is no secret'],
    ['with a secret that is none', sent(0), 'abc', 'starts with whsec_'],
    ['with a file that is not there', [...sent(0), 'none.json'], SECRET, 'ENOENT'],
    ['with a time that is none', ['verify', '--id', 'a', '--timestamp', 'now', '--signature', 'v1,a'], SECRET, '--timestamp'],
    ['without a signature', ['verify', '--id', 'a', '--timestamp', '1'], SECRET, '--signature'],
  ])('exits with 2 %s', async (_case, args, secret, message) => {
    expect(await verify(args, secret)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
