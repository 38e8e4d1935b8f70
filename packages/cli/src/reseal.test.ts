import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '@tidings/database';
import { createSeal, openHeaders, sealedFor, sealHeaders, type SealKey } from '@tidings/secrets';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openTerminal } from '../test/cli.js';

const key = (id: string): SealKey => ({ id, key: randomBytes(32) });
const [old, current, foreign] = [key('old'), key('new'), key('foreign')];
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

beforeEach(async () => {
  await database.pool.query('TRUNCATE webhooks, registration_keys');
});

const URL = 'https://example.com/';
const bytes = (sealed: Buffer) => new Uint8Array(sealed);
async function add(id: string, by: SealKey): Promise<void> {
  const { seal } = createSeal([by]);
  await database.prisma.webhook.create({
    data: {
      id,
      owner: 'alice',
      url: URL,
      sealedSecret: bytes(seal('a secret', sealedFor.secret(id))),
      sealedPreviousSecrets: bytes(seal('[]', sealedFor.previousSecrets(id))),
      sealedHeaders: bytes(sealHeaders({ seal }, { id, url: URL }, {})),
    },
  });
}
const reseal = (keys: string, args: string[] = [], url = testDatabase.url) =>
  openTerminal({ DATABASE_URL: url, SECRETS_KEYS: keys }).run(['reseal', ...args]);
/** Returns whether the webhook's columns open with this key alone. */
async function opens(id: string, by: SealKey): Promise<boolean> {
  const { sealedSecret, sealedHeaders, sealedPreviousSecrets } = await database.prisma.webhook.findUniqueOrThrow({
    where: { id },
  });
  const { open } = createSeal([by]);
  try {
    return (
      open(sealedSecret, sealedFor.secret(id)) === 'a secret' &&
      openHeaders({ open }, { id, url: URL }, sealedHeaders as Uint8Array).isForOrigin &&
      open(sealedPreviousSecrets as Uint8Array, sealedFor.previousSecrets(id)) === '[]'
    );
  } catch {
    return false;
  }
}

describe('tidings reseal', () => {
  test('seals everything with the first key, page by page; after that the other keys can be removed', async () => {
    const ids = Array.from({ length: 205 }, (_, index) => `wh_${String(index).padStart(4, '0')}`);
    for (const id of ids) await add(id, old);
    expect((await reseal(asText(current, old), ['--dry-run'])).out).toBe(
      'To be sealed with "new": 205. Already sealed with it: 0. Still sealed with other keys: 205.',
    );
    expect(await opens('wh_0204', old)).toBe(true);

    expect(await reseal(asText(current, old))).toMatchObject({
      code: 0,
      out: 'Sealed with "new": 205. Already sealed with it: 0. Still sealed with other keys: 0.',
    });
    for (const id of ids) expect(await opens(id, current)).toBe(true);
    expect((await reseal(asText(current))).out).toBe(
      'Sealed with "new": 0. Already sealed with it: 205. Still sealed with other keys: 0.',
    );
  });

  test('seals headers for the origin of their URL that were sealed for none', async () => {
    await add('wh_a', current);
    const { seal } = createSeal([current]);
    const sealedHeaders = bytes(seal('{}', sealedFor.headersOfAnyOrigin('wh_a')));
    await database.prisma.webhook.update({ where: { id: 'wh_a' }, data: { sealedHeaders } });
    expect(await opens('wh_a', current)).toBe(false);
    expect((await reseal(asText(current))).out).toContain('Sealed with "new": 1.');
    expect(await opens('wh_a', current)).toBe(true);
  });

  test('seals the answers that repeated registrations get, too', async () => {
    await add('wh_a', old);
    const answer = bytes(createSeal([old]).seal('{"secret":"whsec_"}', sealedFor.registration('wh_a')));
    const used = { owner: 'alice', key: 'one', digest: new Uint8Array(32), webhookId: 'wh_a', sealedAnswer: answer };
    await database.prisma.registrationKey.create({ data: used });
    const opened = async () => {
      const { sealedAnswer } = await database.prisma.registrationKey.findFirstOrThrow();
      return createSeal([current]).open(sealedAnswer, sealedFor.registration('wh_a'));
    };
    await reseal(asText(current, old), ['--dry-run']);
    await expect(opened()).rejects.toThrow('Sealed with the key "old"');
    expect(await reseal(asText(current, old))).toMatchObject({ code: 0 });
    expect(await opened()).toBe('{"secret":"whsec_"}');
  });

  test('reseals all other webhooks when one cannot be opened, and prints its id and the reason', async () => {
    await add('wh_a', foreign);
    await add('wh_b', old);
    const { code, out, err } = await reseal(asText(current, old));
    expect(code).toBe(1);
    expect(out).toBe('Sealed with "new": 1. Already sealed with it: 0. Still sealed with other keys: 1.');
    expect(err).toContain('wh_a could not be opened: Sealed with the key "foreign", which SECRETS_KEYS does not hold');
    expect(await opens('wh_a', foreign)).toBe(true);
    expect(await opens('wh_b', current)).toBe(true);
  });

  test('reports a webhook that names the first key but does not open with it', async () => {
    await add('wh_a', { ...foreign, id: current.id });
    const { code, out, err } = await reseal(asText(current, old));
    expect([code, out]).toEqual([1, 'Sealed with "new": 0. Already sealed with it: 0. Still sealed with other keys: 0.']);
    expect(err).toContain('wh_a could not be opened: Does not open with the key "new"');
  });

  test('prints why it stopped, and that it may be run again', async () => {
    const { code, err } = await reseal(asText(current, old), [], 'postgresql://nobody@127.0.0.1:1/none');
    expect(code).toBe(4);
    expect(err).toMatch(/^error: Stopped before the end: .*ECONNREFUSED.*Run it again: resealed webhooks stay resealed\.$/);
  });

  test('names the setting that is missing or wrong, and never prints a key', async () => {
    expect((await reseal('')).err).toContain('DATABASE_URL and SECRETS_KEYS must be set');
    const { err } = await reseal('new:c2hvcnQ=');
    expect(err).toContain('SECRETS_KEYS is wrong: entry 1');
    expect(err).not.toContain('c2hvcnQ');
  });
});
