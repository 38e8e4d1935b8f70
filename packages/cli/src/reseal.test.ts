import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openDatabase, type Database } from '@tidings/database';
import { createSeal, sealedFor, type SealKey } from '@tidings/secrets';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';

const COMMAND = join(import.meta.dirname, '../bin/tidings.js');
const key = (id: string, byte: number): SealKey => ({ id, key: Buffer.alloc(32, byte) });
const [old, current, foreign] = [key('old', 1), key('new', 2), key('foreign', 3)];
const asText = (...keys: SealKey[]) => keys.map(({ id, key: bytes }) => `${id}:${bytes.toString('base64')}`).join(',');

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const bytes = (sealed: Buffer) => new Uint8Array(sealed);
async function add(id: string, by: SealKey): Promise<void> {
  const { seal } = createSeal([by]);
  await database.prisma.webhook.create({
    data: {
      id,
      userId: 'alice',
      url: 'https://example.com/',
      sealedSecret: bytes(seal('a secret', sealedFor.secret(id))),
      sealedPreviousSecrets: bytes(seal('[]', sealedFor.previousSecrets(id))),
      sealedHeaders: bytes(seal('{}', sealedFor.headers(id))),
    },
  });
}
const reseal = (keys: string, ...args: string[]) =>
  spawnSync(process.execPath, [COMMAND, 'reseal', ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: testDatabase.url, SECRETS_KEYS: keys },
    encoding: 'utf8',
  });
/** Whether the webhook's columns open with this key alone. */
async function opens(id: string, by: SealKey): Promise<boolean> {
  const { sealedSecret, sealedHeaders, sealedPreviousSecrets } = await database.prisma.webhook.findUniqueOrThrow({
    where: { id },
  });
  const { open } = createSeal([by]);
  try {
    return (
      open(sealedSecret, sealedFor.secret(id)) === 'a secret' &&
      open(sealedHeaders as Uint8Array, sealedFor.headers(id)) === '{}' &&
      open(sealedPreviousSecrets as Uint8Array, sealedFor.previousSecrets(id)) === '[]'
    );
  } catch {
    return false;
  }
}

describe('tidings reseal', () => {
  test('seals everything with the first key, page by page, so that the others can go', async () => {
    const ids = Array.from({ length: 205 }, (_, index) => `wh_${String(index).padStart(4, '0')}`);
    for (const id of ids) await add(id, old);
    expect(reseal(asText(current, old), '--dry-run').stdout).toBe('To be sealed with "new": 205. Were already: 0.\n');
    expect(await opens('wh_0204', old)).toBe(true);

    expect(reseal(asText(current, old))).toMatchObject({ status: 0, stdout: 'Sealed with "new": 205. Were already: 0.\n' });
    for (const id of ids) expect(await opens(id, current)).toBe(true);
    expect(reseal(asText(current)).stdout).toBe('Sealed with "new": 0. Were already: 205.\n');
  });

  test('does the rest when one cannot be opened, and says which and why', async () => {
    await add('wh_a', foreign);
    await add('wh_b', old);
    const { status, stdout, stderr } = reseal(asText(current, old));
    expect(status).toBe(1);
    expect(stdout).toContain('Sealed with "new": 1.');
    expect(stderr).toContain('wh_a could not be opened: Sealed with the key "foreign", which SECRETS_KEYS does not hold.');
    expect(await opens('wh_a', foreign)).toBe(true);
    expect(await opens('wh_b', current)).toBe(true);
  });

  test('says what is missing or wrong, and never repeats a key', () => {
    expect(reseal('').stderr).toContain('DATABASE_URL and SECRETS_KEYS must be set');
    const { stderr } = reseal('new:c2hvcnQ=');
    expect(stderr).toContain('SECRETS_KEYS is wrong: entry 1');
    expect(stderr).not.toContain('c2hvcnQ');
  });
});
