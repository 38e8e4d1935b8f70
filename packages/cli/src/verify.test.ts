import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { openTerminal } from '../test/cli.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = '{"type":"sync.failed","data":{"text":"ü\\n"}}\n';

/** Returns the arguments for a webhook sent `secondsAgo`, signed by the Standard Webhooks library. */
function sent(secondsAgo: number): string[] {
  const at = new Date(Date.now() - secondsAgo * 1000);
  const signature = new Webhook(SECRET).sign('evt_1', at, BODY);
  return ['verify', '--id', 'evt_1', '--timestamp', String(Math.floor(at.getTime() / 1000)), '--signature', signature];
}
const folder = mkdtempSync(join(tmpdir(), 'tidings verify-'));
const stdin = () => Promise.resolve(Buffer.from(BODY));
const verify = (args: string[], secret = SECRET) => openTerminal({ WEBHOOK_SECRET: secret }).run(args, { stdin, folder });

describe('tidings verify', () => {
  test('accepts a valid webhook whose body comes from standard input or from a file', async () => {
    expect(await verify(sent(10))).toEqual({ code: 0, out: '✓ valid', err: '' });
    writeFileSync(join(folder, 'body.json'), BODY);
    const nothing = () => Promise.resolve(Buffer.from(''));
    const fromFile = await openTerminal().run([...sent(10), '--secret', SECRET, 'body.json'], { stdin: nothing, folder });
    expect(fromFile.code).toBe(0);
  });

  test('exits with 1 for a changed webhook, and prints the size of the body', async () => {
    const args = sent(10).map((arg) => (arg === 'evt_1' ? 'evt_2' : arg));
    expect(await verify(args)).toMatchObject({ code: 1, out: expect.stringMatching(/^✗ not valid: .* this body of 46 bytes/) });
    expect((await verify(sent(10), 'whsec_AAAA')).code).toBe(1);
    const { code, json } = await openTerminal({ WEBHOOK_SECRET: SECRET }).json(args, { stdin });
    expect({ code, json }).toMatchObject({ code: 1, json: { valid: false, signature_matches: false } });
  });

  test('exits with 1 for a webhook that is too old, unless the options accept its age', async () => {
    expect(await verify(sent(400))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/the signature matches, but the timestamp is 40[0-9] s old$/),
    });
    expect((await verify(sent(-400))).out).toMatch(/s ahead of this clock$/);
    expect((await verify([...sent(400), '--tolerance', '10m'])).code).toBe(0);
    expect((await verify([...sent(400), '--no-age'])).code).toBe(0);
  });

  test.each([
    ['without a secret', sent(0), '', 'there is no secret'],
    ['with an invalid secret', sent(0), 'abc', 'starts with whsec_'],
    ['with a missing file', [...sent(0), 'none.json'], SECRET, 'ENOENT'],
    ['with an invalid timestamp', ['verify', '--id', 'a', '--timestamp', 'now', '--signature', 'v1,a'], SECRET, '--timestamp'],
    ['without a signature', ['verify', '--id', 'a', '--timestamp', '1'], SECRET, '--signature'],
  ])('exits with 2 %s', async (_case, args, secret, message) => {
    expect(await verify(args, secret)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
