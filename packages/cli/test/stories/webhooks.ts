import { describe, expect, test } from '@jest/globals';
import { startReceiver } from '../receiver.js';
import type { System } from '../system.js';

/** Tests of `tidings webhooks`. */
export function webhooksStories(system: () => System): void {
  describe('tidings webhooks', () => {
    test('creates, lists, rotates and deletes a webhook', async () => {
      const terminal = system().as('wendy');
      const create = 'webhooks create https://example.com/hook --types sync.*,gaps.updated --fifo --max-attempts 7';
      const created = await terminal.json([...create.split(' '), '--header', 'X-Team: blue', '--header', 'X-Env: test']);
      expect(created).toMatchObject({
        code: 0,
        json: {
          event_types: ['sync.*', 'gaps.updated'],
          ordering: 'fifo',
          retry: { max_attempts: 7 },
          header_names: ['X-Team', 'X-Env'],
          secret: expect.stringMatching(/^whsec_/),
        },
      });
      const { id, secret } = created.json as { id: string; secret: string };

      const listed = await terminal.run('webhooks list');
      expect(listed.out).toMatch(new RegExp(`^ID .*\\n${id} +enabled +sync\\.\\*,gaps\\.updated +https://example\\.com/hook$`));
      expect((await terminal.json('webhooks list')).json.map((one: { id: string }) => one.id)).toEqual([id]);

      const rotated = await terminal.json(`webhooks rotate ${id} --overlap 1h`);
      expect(rotated.json.secret).not.toBe(secret);
      const untilMs = Date.parse(rotated.json.previous_secrets_valid_until) - Date.now();
      expect(Math.abs(untilMs - 3_600_000)).toBeLessThan(60_000);
      expect((await terminal.json(`webhooks rotate ${id} --overlap 0`)).json.previous_secrets_valid_until).toBeNull();

      expect((await terminal.json(`webhooks pause ${id}`)).json).toMatchObject({ paused: true, paused_by: ['owner'] });
      expect((await terminal.run(`webhooks resume ${id}`)).out).toBe(`Resumed ${id}.`);
      expect((await terminal.run(`webhooks disable ${id}`)).out).toBe(`Disabled ${id}.`);
      expect((await terminal.run(`webhooks enable ${id}`)).out).toBe(`Enabled ${id}.`);
      expect(await terminal.run(`webhooks delete ${id}`)).toMatchObject({ code: 0, out: `Deleted ${id}.` });
      expect(await terminal.run(`webhooks delete ${id}`)).toMatchObject({
        code: 3,
        err: expect.stringContaining('404 Not found'),
      });
      expect((await terminal.run('webhooks list')).out).toContain('There are no webhooks.');
    });

    test('names the deliveries that disabling would cancel, and offers the pause', async () => {
      const terminal = system().as('walter');
      const receiver = await startReceiver(() => 200);
      const { id } = (await terminal.json(`webhooks create ${receiver.url} --paused`)).json as { id: string };
      await terminal.run('trigger sync.failed');
      expect(await terminal.json(`webhooks disable ${id}`)).toMatchObject({
        code: 1,
        err: { error: { pending: 1, message: expect.stringContaining(`"tidings webhooks pause ${id}" keeps them`) } },
      });
      const [{ id: delivery }] = (await terminal.json(`deliveries list --webhook ${id} --status pending`)).json.data;
      expect((await terminal.run(`deliveries cancel ${String(delivery)}`)).out).toBe(`${String(delivery)} is cancelled.`);
      await terminal.run('trigger sync.failed');
      expect((await terminal.run(`webhooks disable ${id} --yes`)).out).toBe(`Disabled ${id}.`);
      receiver.close();
    });

    test('says that a webhook needs no verification', async () => {
      const terminal = system().as('wilma');
      const { id } = (await terminal.json('webhooks create https://example.com/hook')).json as { id: string };
      expect(await terminal.run(`webhooks verify ${id}`)).toMatchObject({ code: 0, out: `${id} needs no verification.` });
    });

    test('sends a test event, and exits with 1 when the receiver does not answer with a 2xx', async () => {
      const terminal = system().as('wanda');
      const receiver = await startReceiver((earlierCount) => (earlierCount === 0 ? 200 : 500));
      const { id } = (await terminal.json(`webhooks create ${receiver.url}`)).json as { id: string };
      expect(await terminal.run(`webhooks test ${id}`)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^✓ answered 200 after \d+ ms\nthanks$/),
      });
      expect(await terminal.json(`webhooks test ${id}`)).toMatchObject({
        code: 1,
        json: { succeeded: false, status_code: 500 },
      });
      receiver.close();
    });

    test('sends the first example of a type', async () => {
      const terminal = system().as('wanda');
      const receiver = await startReceiver();
      const { id } = (await terminal.json(`webhooks create ${receiver.url}`)).json as { id: string };
      expect(await terminal.json(`webhooks test ${id} --type gaps.updated --event-version 1`)).toMatchObject({
        code: 0,
        json: { event_type: 'gaps.updated', event_version: 1 },
      });
      const [arrival] = await receiver.waitFor(1);
      expect(JSON.parse(String(arrival?.body))).toMatchObject({ type: 'gaps.updated', data: { user_id: 'wanda' } });
      expect(await terminal.run(`webhooks test ${id} --type gaps.eaten`)).toMatchObject({
        code: 3,
        err: expect.stringContaining('"gaps.eaten" is no event type'),
      });
      expect(await terminal.run(`webhooks test ${id} --event-version 2`)).toMatchObject({
        code: 2,
        err: expect.stringContaining('--event-version needs --type.'),
      });
      receiver.close();
    });
  });
}
