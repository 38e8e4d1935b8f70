import { describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../receiver.js';
import type { System } from '../system.js';

/** Tests of `tidings deliveries` and `tidings replay`. */
export function deliveriesStories(system: () => System): void {
  /** Creates a webhook with `count` failed deliveries. `answerWith` sets the receiver's status for later requests. */
  const failedDeliveries = async (owner: string, count: number) => {
    const terminal = system().as(owner);
    let status = 500;
    const receiver = await startReceiver(() => status);
    const { id } = (await terminal.json(`webhooks create ${receiver.url}`)).json as { id: string };
    for (let index = 0; index < count; index += 1) await terminal.run('trigger sync.failed');
    const failed = await eventually(async () => {
      const { json } = await terminal.json(`deliveries list --webhook ${id} --status failed`);
      if (json.data.length < count) throw new Error(`Only ${String(json.data.length)} have failed.`);
      return json.data as { id: string }[];
    });
    return { terminal, receiver, id, failed, answerWith: (newStatus: number) => (status = newStatus) };
  };

  describe('tidings deliveries', () => {
    test('lists deliveries, shows all attempts of one, and retries it', async () => {
      const { terminal, receiver, id, failed, answerWith } = await failedDeliveries('dora', 1);
      const delivery = String(failed[0]?.id);
      expect((await terminal.run(`deliveries list --webhook ${id} --since 1h --types sync.*`)).out).toMatch(
        new RegExp(`^ID .*\\n${delivery} +failed +1 +sync\\.failed `),
      );
      expect((await terminal.run(`deliveries list --webhook ${id} --status succeeded`)).out).toBe('No deliveries match.');
      const shown = await terminal.run(`deliveries show ${delivery}`);
      expect(shown.out).toMatch(/attempt 1 .* 500 after \d+ ms, http_status: .*\n {2}POST http.*\n(?: {2}[<>] .*\n)+ {2}thanks$/);

      answerWith(200);
      expect(await terminal.run(`deliveries retry ${delivery}`)).toMatchObject({ code: 0 });
      await eventually(async () => {
        expect((await terminal.json(`deliveries show ${delivery}`)).json).toMatchObject({
          status: 'succeeded',
          attempt_count: 2,
        });
      });
      expect((await terminal.run('deliveries list --webhook wh_none')).code).toBe(3);
      receiver.close();
    });
  });

  describe('tidings replay', () => {
    test('counts deliveries with --dry-run; otherwise attempts them again and shows the progress until all have ended', async () => {
      const { terminal, receiver, id, answerWith } = await failedDeliveries('rita', 4);
      const replay = `replay --webhook ${id} --since 2h --status failed`;
      expect(await terminal.run(`${replay} --dry-run`)).toMatchObject({ code: 0, out: '4 deliveries would be attempted again.' });
      expect(receiver.requests).toHaveLength(4);

      answerWith(200);
      const { code, out, err } = await terminal.run(replay);
      expect({ code, out }).toEqual({ code: 0, out: '4 succeeded, 0 did not.' });
      expect(err).toMatch(/^4 deliveries will be attempted again, [^]*\n\[·{30}\] 0 of 4\n[^]*\[#{30}\] 4 of 4$/);
      expect(receiver.requests).toHaveLength(8);
      expect((await terminal.run(replay)).out).toBe('No deliveries match.');
      receiver.close();
    });

    test('exits with 1 when some did not succeed, and counts no deliveries of an earlier replay', async () => {
      const { terminal, receiver, id, answerWith } = await failedDeliveries('rolf', 3);
      const replay = `replay --webhook ${id} --since 2h`;
      const all = await terminal.json(replay);
      expect(all.code).toBe(1);
      expect(all.json.at(-1)).toMatchObject({ count: 3, succeeded: 0, failed: 3 });

      answerWith(200);
      await terminal.run('trigger gaps.updated');
      await eventually(async () => {
        const { json } = await terminal.json(`deliveries list --webhook ${id} --status succeeded`);
        expect(json.data).toHaveLength(1);
      });
      const some = await terminal.json(`${replay} --status succeeded`);
      expect(some.code).toBe(0);
      expect(some.json.at(-1)).toMatchObject({ count: 1, succeeded: 1, failed: 0 });
      receiver.close();
    });
  });
}
