import { describe, expect, test } from '@jest/globals';
import type { System } from '../system.js';

/** Tests of `tidings trigger`. */
export function triggerStories(system: () => System): void {
  describe('tidings trigger', () => {
    test('publishes the example of a type for the owner of the token, with the values of --set', async () => {
      const terminal = system().as('trudy');
      const { code, json } = await terminal.json('trigger sync.completed --set items_synced=150 --id mine-1');
      expect(code).toBe(0);
      expect(json).toMatchObject({
        id: 'mine-1',
        status: 'accepted',
        type: 'sync.completed',
        data: { user_id: 'trudy', items_synced: 150 },
      });
      const log = await fetch(`${system().tidings.url}/api/events`, {
        headers: { authorization: `Bearer ${system().tidings.token('trudy')}` },
      });
      const events = ((await log.json()) as { data: { id: string; data: unknown }[] }).data;
      expect(events.find(({ id }) => id === 'mine-1')?.data).toEqual(json.data);
      expect((await terminal.json('trigger sync.completed --set items_synced=150 --id mine-1')).json.status).toBe('repeated');
    });

    test('keeps the text for string fields, and sets nested fields', async () => {
      const terminal = system().as('trudy');
      const failed = await terminal.json(['trigger', 'sync.failed', '--set', 'error_message=42', '--set', 'user_id=007']);
      expect(failed.json.data).toEqual({ user_id: '007', error_message: '42' });
      const completed = await terminal.json('trigger extraction.completed --set record_counts.artists=7 --dry-run');
      expect(completed.json.data.record_counts.artists).toBe(7);
      expect(completed.json.data).not.toHaveProperty('user_id');
    });

    test('names an unknown type, and each wrong field', async () => {
      const terminal = system().as('trudy');
      const type = await terminal.run('trigger sync.complete');
      expect(type).toMatchObject({ code: 2, err: expect.stringContaining('sync.completed') });
      const field = await terminal.run('trigger sync.completed --set items_sync=1');
      expect(field).toMatchObject({ code: 2, err: expect.stringContaining('data.items_sync: is not a known field') });
      const values = await terminal.run('trigger sync.completed --set items_synced=many --set errors=-1');
      expect(values.code).toBe(3);
      expect(values.err).toMatch(/\n {2}data\.items_synced: .*\n {2}data\.errors: /);
    });

    test('names the scope that the token lacks', async () => {
      const { code, err } = await system()
        .as('trudy')
        .run(['trigger', 'sync.failed', '--token', system().tidings.token('trudy')]);
      expect(code).toBe(3);
      expect(err).toMatch(/lacks the scope "events:publish"[^]*--scope events:publish/);
    });
  });
}
