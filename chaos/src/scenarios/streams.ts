import { setTimeout as wait } from 'node:timers/promises';
import { startStreamClients, type StreamClients } from '../stream-clients.js';
import type { EventInput } from '../generator.js';
import { judgeStreams, type StreamedEvent } from '../judge-streams.js';
import { killApi } from '../nemesis/kill.js';
import { sendRedisCommand } from '../nemesis/redis.js';
import type { Random } from '../random.js';
import { query } from '../servers.js';
import type { Scenario } from '../scenario.js';
import { startSystem, type System } from '../system.js';

const CLIENTS = 200;
const OWNERS = Array.from({ length: 20 }, (_, index) => `owner-${String(index)}`);
const PUBLISHERS = 4;
const LARGEST_BATCH = 20;
/** Long enough for the faults to happen during publishing. */
const PAUSE_MS = [20, 80] as const;
/** The share of events for everyone. */
const FOR_EVERYONE = 0.2;
/** How long to wait for the clients to receive all events, after the faults. */
const CATCH_UP_MS = 60_000;
const POLL_MS = 250;

export const streams: Scenario = {
  name: 'streams',
  description:
    '200 clients of two APIs reconnect at random while 20,000 events are published (3,000 in the short form), Redis is killed, its subscriptions are cut, and APIs are killed and replaced',
  isSelected: true,
  async run(context) {
    const { random } = context;
    const count = context.isShort ? 3000 : 20_000;
    const rounds = context.isShort ? 1 : 4;
    const system = await startSystem(context, { apis: 2, workers: 1, webhooks: [], env: { STREAMS_PER_OWNER: '1000' } });
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

    const published = publish(system, random, count);
    for (let round = 0; round < rounds; round += 1) {
      await wait(random.between(500, 1500));
      await sendRedisCommand(system.redis.url, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
      context.log('the subscriptions were closed');
      await wait(random.between(200, 1000));
      await system.redis.stop('SIGKILL');
      const endFault = system.startFault({ name: 'Redis is down' });
      await wait(random.between(300, 1500));
      await killApi(system, random.pick(processes.apis));
      await wait(random.between(300, 1500));
      await system.redis.start();
      endFault();
      await processes.addApi();
    }
    await published;
    const verdict = await system.drainAndJudge();
    const log = (await readLog(system)).slice(1);
    await waitForClients(streamClients, log, context.drainMs ?? CATCH_UP_MS);
    await streamClients.stop();

    const events = streamClients.logs.reduce((sum, { received }) => sum + received.length, 0);
    return {
      ...verdict,
      violations: [...verdict.violations, ...judgeStreams(log, streamClients.logs)],
      notes: [
        `${String(CLIENTS)} clients received ${String(events)} events of ${String(log.length)} over ${String(streamClients.connections())} connections`,
      ],
    };
  },
};

/** Publishes `count` events in small batches. It ignores failed requests. */
async function publish({ publisher }: System, random: Random, count: number): Promise<void> {
  let left = count;
  const service = async (): Promise<void> => {
    while (left > 0) {
      const batch = Math.min(left, random.integer(1, LARGEST_BATCH));
      left -= batch;
      await publisher.publish(Array.from({ length: batch }, () => someEvent(random)));
      await wait(random.between(...PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, service));
}

function someEvent(random: Random): EventInput {
  if (random.chance(FOR_EVERYONE))
    return { type: 'extraction.started', owner: null, data: { version: '2026-11', entity_types: [] } };
  const owner = random.pick(OWNERS);
  return random.pick<EventInput>([
    { type: 'sync.failed', owner, data: { user_id: owner, error_message: 'Zeile\nfür\r\nZeile ✓' } },
    { type: 'gaps.updated', owner, data: { user_id: owner, entity_type: 'artist', entity_id: '1' } },
  ]);
}

function readLog({ databaseUrl }: System): Promise<StreamedEvent[]> {
  return query<StreamedEvent & Record<string, unknown>>(databaseUrl, 'SELECT id, type, owner FROM events ORDER BY position');
}

/** Waits until each client has as many events as the log has for it, at most `deadlineMs`. */
async function waitForClients(streamClients: StreamClients, log: readonly StreamedEvent[], deadlineMs: number): Promise<void> {
  streamClients.keepConnections();
  const end = performance.now() + deadlineMs;
  const waiting = (): boolean =>
    streamClients.logs.some(
      ({ received, maySee }) => received.length < log.reduce((sum, event) => sum + (maySee(event) ? 1 : 0), 0),
    );
  while (performance.now() < end && waiting()) await wait(POLL_MS);
  // A repeated event may arrive last.
  await wait(POLL_MS);
}
