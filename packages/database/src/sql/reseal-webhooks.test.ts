import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '@tidings/testing';
import { openLog, type TestLog } from '../../test/log.js';
import { resealWebhooks, type SealedWebhook } from './reseal-webhooks.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const resealed = ({ id, sealedPreviousSecrets, sealedHeaders }: SealedWebhook) => ({
  sealedSecret: Buffer.from(`resealed: secret of ${id}`),
  sealedPreviousSecrets,
  sealedHeaders,
});
async function stored(): Promise<Record<string, string>> {
  const { rows } = await log.pool.query<{ id: string; secret: string }>(
    "SELECT id, convert_from(sealed_secret, 'UTF8') AS secret FROM webhooks ORDER BY id",
  );
  return Object.fromEntries(rows.map(({ id, secret }) => [id, secret]));
}
/** Wraps the pool so that the updates of its clients wait for a promise. */
const pausing = (ready: () => Promise<unknown>) =>
  ({
    connect: async () => {
      const client = await log.pool.connect();
      return {
        query: async (text: string, values?: unknown[]) => {
          if (text.startsWith('UPDATE')) await ready();
          return client.query(text, values);
        },
        release: () => {
          client.release();
        },
      };
    },
  }) as unknown as pg.Pool;

describe('resealing webhooks', () => {
  test('writes secret.resealed to the audit log for each webhook', async () => {
    await log.addWebhook('wh_1');
    await resealWebhooks(log.pool, { after: '', limit: 10 }, resealed);
    const { rows } = await log.pool.query('SELECT actor, action, webhook_id FROM audit_log ORDER BY id OFFSET 1');
    expect(rows).toEqual([{ actor: 'tidings reseal', action: 'secret.resealed', webhook_id: 'wh_1' }]);
  });

  test('takes each webhook once, page by page, and leaves alone those for which reseal returns null', async () => {
    for (const id of ['wh_3', 'wh_1', 'wh_2']) await log.addWebhook(id);
    const seen: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      after = await resealWebhooks(log.pool, { after, limit: 2 }, (webhook) => {
        seen.push(webhook.id);
        return webhook.id === 'wh_2' ? null : resealed(webhook);
      });
    }
    expect(seen).toEqual(['wh_1', 'wh_2', 'wh_3']);
    expect(await stored()).toEqual({
      wh_1: 'resealed: secret of wh_1',
      wh_2: 'secret of wh_2',
      wh_3: 'resealed: secret of wh_3',
    });
  });

  test('does not overwrite a rotation that comes while it runs: the rotation waits for the lock', async () => {
    await log.addWebhook('wh_1');
    let rotation: Promise<unknown> = Promise.resolve();
    let rotated = false;
    await resealWebhooks(
      pausing(() =>
        // Wait until the rotation waits for the lock. Without a lock it would have finished, and would be overwritten.
        eventually(async () => {
          const { rowCount } = await log.pool.query(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
          );
          if (rowCount === 0 && !rotated) throw new Error('The rotation has not begun.');
        }),
      ),
      { after: '', limit: 10 },
      (webhook) => {
        rotation = log.pool.query("UPDATE webhooks SET sealed_secret = 'rotated' WHERE id = 'wh_1'").then(() => (rotated = true));
        return resealed(webhook);
      },
    );
    await rotation;
    expect(await stored()).toEqual({ wh_1: 'rotated' });
  });

  test('covers every sealed column of the table', async () => {
    const { rows } = await log.pool.query<{ name: string }>(
      "SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE column_name LIKE 'sealed%' ORDER BY 1",
    );
    await log.addWebhook('wh_1');
    let columns: string[] = [];
    await resealWebhooks(log.pool, { after: '', limit: 1 }, ({ id: _id, url: _url, ...sealed }) => {
      columns = Object.keys(sealed).map(
        (column) => `webhooks.${column.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      );
      return null;
    });
    // `resealRegistration` covers the answers to registrations.
    const others = ['registration_keys.sealed_answer'];
    expect([...columns, ...others].sort()).toEqual(rows.map(({ name }) => name));
  });
});
