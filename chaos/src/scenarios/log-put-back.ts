import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startLoad } from '../generator.js';
import { judgeStreamsAfterLoss, type StreamedEvent } from '../judge-streams.js';
import { nowMs } from '../ledger.js';
import { copyDataFolder } from '../nemesis/data-folder.js';
import { query } from '../servers.js';
import type { Scenario } from '../scenario.js';
import { startStreamClients } from '../stream-clients.js';
import { startSystem, type System } from '../system.js';

const CLIENTS = 60;
const OWNERS = Array.from({ length: 10 }, (_, index) => `owner-${String(index)}`);
/** How long to wait for the clients to receive all events, after the faults. */
const CATCH_UP_MS = 60_000;
const POLL_MS = 250;

export const logPutBack: Scenario = {
  name: 'log-put-back',
  description:
    'PostgreSQL is stopped, its data folder is put back to an earlier copy, and it is started again, while two APIs and 60 clients of their streams live',
  async run(context) {
    const { random } = context;
    const folder = join(context.folder, 'postgres');
    const postgres = await context.startPostgres({ folder });
    const system = await startSystem(context, {
      postgres,
      apis: 2,
      workers: 1,
      webhooks: [],
      env: { STREAMS_PER_OWNER: '1000' },
    });
    const { processes, publisher } = system;
    await publisher.publish([{ type: 'extraction.started', owner: null, data: { version: 'first', entity_types: [] } }]);
    const [first] = await readLog(system);
    if (!first) throw new Error('The first event is not in the log.');
    const streamClients = startStreamClients({
      count: CLIENTS,
      owners: OWNERS,
      after: first.id,
      url: processes.url,
      token: (owner) => processes.token(owner),
      random,
    });
    context.cleanup.add(() => streamClients.stop());
    const publishFor = async (ms: number): Promise<void> => {
      const load = startLoad({ publisher, random, owners: OWNERS });
      await wait(ms);
      await load.stop();
    };

    const lost = new Set<string>();
    for (let round = 0; round < (context.isShort ? 1 : 3); round += 1) {
      await publishFor(random.between(1000, 2000));
      const copy = await copyDataFolder(system, folder);
      context.cleanup.add(copy.remove);
      await publishFor(random.between(300, 3000));
      // All clients that are connected have the events that will be lost; announcements need a few milliseconds.
      await wait(POLL_MS);
      // The load continues during the fault: the first events are accepted as soon as PostgreSQL is back.
      const after = startLoad({ publisher, random, owners: OWNERS });
      await copy.putBack();
      const backAtMs = nowMs();
      await wait(random.between(1500, 3000));
      await after.stop();
      copy.remove();
      const kept = new Set((await readLog(system)).map(({ id }) => id));
      // Also the events that the load committed just before PostgreSQL stopped. Unsure events may never have been committed.
      const received = new Set(streamClients.logs.flatMap((log) => log.received));
      for (const { id, atMs, publication } of system.ledger.events.values())
        if (atMs < backAtMs && !kept.has(id) && (publication === 'accepted' || received.has(id))) lost.add(id);
      context.log(`${String(lost.size)} events are lost`);
    }

    const verdict = await system.drainAndJudge();
    const log = (await readLog(system)).slice(1);
    streamClients.keepConnections();
    const judge = (): string[] => judgeStreamsAfterLoss(log, lost, streamClients.logs);
    const end = performance.now() + (context.drainMs ?? CATCH_UP_MS);
    while (performance.now() < end && judge().length > 0) await wait(POLL_MS);
    // A repeated event may arrive last.
    await wait(POLL_MS);
    await streamClients.stop();

    const violations = [...verdict.violations, ...judge()];
    if (lost.size === 0) violations.push('no event was lost: the scenario had no effect');
    const clientsWithGap = streamClients.logs.filter(({ gaps }) => gaps > 0).length;
    return {
      ...verdict,
      violations,
      notes: [
        `${String(lost.size)} events were lost, ${String(log.length)} are in the log; ${String(clientsWithGap)} of ${String(CLIENTS)} clients got a stream.gap`,
      ],
    };
  },
};

function readLog({ databaseUrl }: System): Promise<StreamedEvent[]> {
  return query<StreamedEvent & Record<string, unknown>>(databaseUrl, 'SELECT id, type, owner FROM events ORDER BY position');
}
