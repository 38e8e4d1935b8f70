import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSeal, parsePreviousSecrets, parseSealKeys, sealedFor } from '@tidings/secrets';
import { eventually } from '@tidings/testing';
import { waitForBlockedQueries, withWebhooksLocked } from '../../test/locks.js';
import { SECRETS_KEYS, startApi, type TestApi } from '../../test/start-api.js';

const seal = createSeal(parseSealKeys(SECRETS_KEYS));

let api: TestApi;
let id: string;
let first: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.pool.query('DELETE FROM webhooks');
  const { body } = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
  id = String(body.id);
  first = String(body.secret);
});

const rotate = (body?: object, owner = 'alice') => {
  const request = api.as(owner).post(`/api/webhooks/${id}/rotate-secret`);
  return body === undefined ? request : request.send(body);
};
/** Reads the stored secrets, as a worker does: the current one, and the previous ones, newest first. */
async function stored() {
  const { sealedSecret, sealedPreviousSecrets: sealed } = await api.database.prisma.webhook.findUniqueOrThrow({ where: { id } });
  const previous = sealed ? parsePreviousSecrets(seal.open(sealed, sealedFor.previousSecrets(id))) : [];
  return {
    secret: seal.open(sealedSecret, sealedFor.secret(id)),
    previous: previous.map(({ secret }) => secret),
    ends: previous.map(({ until }) => until),
  };
}
/** Moves the expiry of the previous secrets back by this time. */
async function moveTime(seconds: number): Promise<void> {
  const { previous, ends } = await stored();
  const earlier = previous.map((secret, index) => ({ secret, until: (ends[index] ?? 0) - seconds }));
  const sealedPreviousSecrets = new Uint8Array(seal.seal(JSON.stringify(earlier), sealedFor.previousSecrets(id)));
  await api.database.prisma.webhook.update({ where: { id }, data: { sealedPreviousSecrets } });
}
const inSeconds = (text: unknown) => (Date.parse(String(text)) - Date.now()) / 1000;

describe('rotating a secret', () => {
  test('returns a new secret once, and the previous one still signs for a day', async () => {
    const { status, body } = await rotate();
    expect(status).toBe(200);
    expect(body.secret).toMatch(/^whsec_/);
    expect(body.secret).not.toBe(first);
    expect(inSeconds(body.previous_secrets_valid_until)).toBeCloseTo(86_400, -2);
    const { body: shown } = await api.as('alice').get(`/api/webhooks/${id}`);
    expect(shown.secret).toBeUndefined();
    expect(shown.previous_secrets_valid_until).toBe(body.previous_secrets_valid_until);
  });

  test('takes an overlap of up to a week, and 0 ends all previous secrets', async () => {
    expect(inSeconds((await rotate({ overlap_s: 604_800 })).body.previous_secrets_valid_until)).toBeGreaterThan(604_000);
    expect((await rotate({ overlap_s: 0 })).body.previous_secrets_valid_until).toBeNull();
    for (const overlap_s of [-1, 604_801, 1.5, '1', null]) {
      const { status, body } = await rotate({ overlap_s });
      expect([status, body.errors[0].field]).toEqual([400, 'overlap_s']);
    }
  });

  test('gets a 409 while three previous secrets sign, which names the expiry of the first, and that 0 ends all of them', async () => {
    for (const overlap_s of [300, 100, 200]) expect((await rotate({ overlap_s })).status).toBe(200);
    const before = await stored();
    const { status, body } = await rotate();
    expect([status, body.detail]).toEqual([409, expect.stringContaining('{"overlap_s": 0}')]);
    expect(body.detail).toContain(new Date(1000 * Math.min(...before.ends)).toISOString());
    expect(await stored()).toEqual(before);

    // One of them has expired, so it is removed and the next rotation succeeds.
    await moveTime(150);
    expect((await rotate({ overlap_s: 60 })).status).toBe(200);
    expect((await stored()).previous).toEqual([before.secret, before.previous[0], before.previous[2]]);
    expect((await rotate()).status).toBe(409);
    expect((await rotate({ overlap_s: 0 })).status).toBe(200);
    expect((await stored()).previous).toEqual([]);
    expect((await rotate()).status).toBe(200);
  });

  test('in three parallel requests runs one after the other: every returned secret signs', async () => {
    let rotations: Promise<{ body: { secret: string } }[]> = Promise.resolve([]);
    await withWebhooksLocked(api.database, async () => {
      rotations = Promise.all([rotate(), rotate(), rotate()]);
      // All of them have begun, and wait for the lock before they read the row.
      await waitForBlockedQueries(api.database, 3);
    });
    const shown = (await rotations).map(({ body }) => body.secret);
    const { secret, previous } = await stored();
    expect([secret, ...previous].sort()).toEqual([first, ...shown].sort());
    expect(previous.at(-1)).toBe(first);
  });

  test('counts the overlap from the time when it gets the lock, by the clock of the database', async () => {
    let rotation: Promise<unknown> = Promise.resolve();
    const begun = await withWebhooksLocked(api.database, async () => {
      rotation = Promise.resolve(rotate({ overlap_s: 60 }));
      await waitForBlockedQueries(api.database, 1);
      return eventually(async () => {
        const { rows } = await api.database.pool.query<{ now: number; waiting: number }>(`
          SELECT extract(epoch FROM clock_timestamp())::float8 AS now, extract(epoch FROM xact_start)::float8 AS waiting
          FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`);
        const [row] = rows;
        if (!row || Math.floor(row.now) === Math.floor(row.waiting))
          throw new Error('The transaction has not waited into the next second.');
        return Math.floor(row.waiting);
      });
    });
    await rotation;
    expect((await stored()).ends[0]).toBeGreaterThan(begun + 60);
  });

  test('and a concurrent change of the webhook both take effect', async () => {
    let requests: Promise<[{ body: { secret: string } }, unknown]> | undefined;
    await withWebhooksLocked(api.database, async () => {
      requests = Promise.all([
        rotate(),
        api
          .as('alice')
          .patch(`/api/webhooks/${id}`)
          .send({ headers: { a: 'b' } }),
      ]);
      await waitForBlockedQueries(api.database, 2);
    });
    const [rotated] = (await requests) ?? [];
    expect((await stored()).secret).toBe(rotated?.body.secret);
    expect((await api.as('alice').get(`/api/webhooks/${id}`)).body.header_names).toEqual(['a']);
  });

  test("of another owner's webhook gets a 404, and changes nothing (I7)", async () => {
    expect((await rotate({}, 'mallory')).status).toBe(404);
    expect(await stored()).toMatchObject({ secret: first, previous: [] });
  });

  test('leaves no readable secret in the database or the log (I8)', async () => {
    const { body } = await rotate();
    const { rows } = await api.database.pool.query<{ stored: string }>('SELECT webhooks::text AS stored FROM webhooks');
    for (const secret of [first, String(body.secret)]) {
      const hex = Buffer.from(secret).toString('hex');
      for (const text of [rows[0]?.stored ?? '', api.logged()]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(hex);
      }
    }
  });
});
