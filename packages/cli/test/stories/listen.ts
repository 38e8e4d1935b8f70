import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { eventually } from '@tidings/testing';
import { startReceiver } from '../receiver.js';
import type { System } from '../system.js';

/** Tests of `tidings listen`. */
export function listenStories(system: () => System): void {
  describe('tidings listen', () => {
    test('forwards the same bytes as a webhook receives, signed with a secret that stays the same', async () => {
      const terminal = system().as('lena');
      const [hook, local] = [await startReceiver(), await startReceiver()];
      await terminal.run(`webhooks create ${hook.url}`);
      const listening = terminal.start(`listen --forward-to ${local.url}`);
      const { secret } = await listening.waitFor('began');
      await eventually(() => readdirSync(join(terminal.configFolder, 'listen')));

      await terminal.run(['trigger', 'sync.failed', '--set', 'error_message=Größe "1"\n\u2028']);
      const [[delivered], [forwarded]] = [await hook.waitFor(1), await local.waitFor(1)];
      expect(forwarded?.id).toBe(delivered?.id);
      expect(forwarded?.body).toBe(delivered?.body);
      expect(forwarded?.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': 'Tidings',
        'webhook-event-version': '1',
      });
      const verifier = new Webhook(String(secret));
      expect(() => verifier.verify(String(forwarded?.body), forwarded?.headers as Record<string, string>)).not.toThrow();
      await listening.waitFor('forwarded', { event_id: forwarded?.id, status_code: 200, succeeded: true });
      expect(await listening.stop()).toMatchObject({ code: 0, err: '' });

      const file = join(terminal.configFolder, 'listen-secret');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8').trim()).toBe(secret);
      const again = terminal.start(`listen --forward-to ${local.url}`);
      expect((await again.waitFor('began'))['secret']).toBe(secret);
      await again.stop();
      hook.close();
      local.close();
    });

    test('forwards previews of a version that its types name', async () => {
      const { tidings, as } = system();
      const terminal = as('lily');
      for (const version of [1, 2]) {
        const { status } = await fetch(`${tidings.url}/api/event-types/parcel.sent`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${tidings.token('lily', 'event-types:write')}`, 'content-type': 'application/json' },
          body: JSON.stringify({ description: '', audience: 'everyone', schema: { type: 'object' }, examples: [{}], version }),
        });
        expect(status).toBe(201);
      }
      const local = await startReceiver();
      const listening = terminal.start(`listen --forward-to ${local.url} --types parcel.sent@2`);
      await eventually(() => readdirSync(join(terminal.configFolder, 'listen')));
      await terminal.run('trigger parcel.sent');
      const { json } = await terminal.json('trigger parcel.sent --event-version 2');
      const [forwarded] = await local.waitFor(1);
      expect(forwarded).toMatchObject({ id: json.id, headers: { 'webhook-event-version': '2' } });
      await listening.stop();
      local.close();
    });

    test('resumes after the last forwarded event when it is stopped or the API restarts, and misses no event', async () => {
      const terminal = system().as('leo');
      const local = await startReceiver();
      const publish = async (count: number): Promise<string[]> => {
        const ids: string[] = [];
        for (let index = 0; index < count; index += 1) ids.push((await terminal.json('trigger gaps.updated')).json.id);
        return ids;
      };
      const listen = `listen --forward-to ${local.url} --types gaps.*`;
      const first = terminal.start(listen);
      await eventually(() => readdirSync(join(terminal.configFolder, 'listen')));
      const before = await publish(2);
      await local.waitFor(2);
      await first.stop();

      const meanwhile = await publish(3);
      const second = terminal.start(listen);
      expect((await second.waitFor('began'))['after']).toBe(before[1]);
      await local.waitFor(5);
      const { tidings } = system();
      await tidings.api.stop('SIGTERM');
      await second.waitFor('reconnecting');
      await tidings.startApi({ PORT: new URL(tidings.url).port });
      const after = await publish(2);
      await local.waitFor(7);
      await second.stop();
      expect(local.requests.map(({ id }) => id)).toEqual([...before, ...meanwhile, ...after]);

      const others = await startReceiver();
      const fresh = terminal.start(`listen --forward-to ${others.url} --types gaps.* --fresh`);
      expect((await fresh.waitFor('began'))['after']).toBeNull();
      await fresh.stop();
      const since = terminal.start(`listen --forward-to ${others.url} --types gaps.* --since ${String(meanwhile[0])}`);
      await others.waitFor(4);
      await since.stop();
      expect(others.requests.map(({ id }) => id)).toEqual([...meanwhile.slice(1), ...after]);
      local.close();
      others.close();
    });

    test('starts at a time or at the start of the log with --since', async () => {
      const terminal = system().as('lisa');
      const local = await startReceiver();
      await terminal.run('trigger sync.failed --id early');
      const between = new Date().toISOString();
      await terminal.run('trigger sync.failed --id late');
      const listen = `listen --forward-to ${local.url} --types sync.failed`;
      const start = terminal.start(`${listen} --since start`);
      await local.waitFor(2);
      await start.stop();
      const later = terminal.start(`${listen} --since ${between}`);
      await local.waitFor(3);
      await later.stop();
      expect(local.requests.map(({ id }) => id)).toEqual(['early', 'late', 'late']);
      local.close();
    });

    test('reports a failed forward, retries it as often as --retries allows, and then skips the event', async () => {
      const terminal = system().as('luis');
      const local = await startReceiver((earlierCount) => (earlierCount === 1 ? 200 : 503));
      const listening = terminal.start(`listen --forward-to ${local.url} --retries 1 --since start --types sync.failed`);
      await listening.waitFor('began');
      await terminal.run('trigger sync.failed --id luis-1');
      await listening.waitFor('forwarded', { event_id: 'luis-1', attempt: 1, status_code: 503, error: 'thanks' });
      await listening.waitFor('forwarded', { event_id: 'luis-1', attempt: 2, succeeded: true });
      local.close();
      await terminal.run('trigger sync.failed --id luis-2');
      await listening.waitFor('forwarded', { event_id: 'luis-2', attempt: 2, status_code: null, succeeded: false });
      await listening.stop();

      const again = terminal.start(`listen --forward-to ${local.url} --types sync.failed`);
      expect((await again.waitFor('began'))['after']).toBe('luis-2');
      await again.stop();
    });

    test('forwards an event at the next start when it was stopped before a retry', async () => {
      const terminal = system().as('lara');
      const local = await startReceiver((earlierCount) => (earlierCount === 0 ? 500 : 200));
      const listen = `listen --forward-to ${local.url} --types sync.failed`;
      const first = terminal.start(`${listen} --retries 9 --since start`);
      await terminal.run('trigger sync.failed --id lara-1');
      await first.waitFor('forwarded', { event_id: 'lara-1', succeeded: false });
      await first.stop();
      const second = terminal.start(listen);
      await second.waitFor('forwarded', { event_id: 'lara-1', succeeded: true });
      await second.stop();
      local.close();
    });

    test('ends cleanly on Ctrl-C when npx runs the command', async () => {
      const { tidings } = system();
      const command = join(import.meta.dirname, '../../bin/tidings.js');
      const child = spawn(process.execPath, [command, 'listen', '--forward-to', 'http://127.0.0.1:9/', '--json'], {
        env: {
          PATH: process.env['PATH'],
          XDG_CONFIG_HOME: join(system().as('lou').configFolder, 'other'),
          TIDINGS_URL: tidings.url,
          TIDINGS_TOKEN: tidings.token('lou'),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await eventually(() => {
        expect(out).toContain('"kind":"began"');
      });
      child.kill('SIGINT');
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(out.trim().split('\n').at(-1)).toContain('"kind":"ended"');
    });

    test('ends when the server refuses the stream', async () => {
      const terminal = system().as('lola');
      const { code, err } = await terminal.run('listen --forward-to http://127.0.0.1:9/ --types nonsense');
      expect(code).toBe(3);
      expect(err).toMatch(/\n {2}types: /);
      expect((await terminal.run('listen --forward-to nowhere')).code).toBe(2);
      expect((await terminal.run('listen --forward-to http://127.0.0.1:9/ --secret 42')).code).toBe(2);
      expect((await terminal.run('listen --forward-to http://127.0.0.1:9/ --fresh --since 1h')).code).toBe(2);
    });
  });
}
