import { setTimeout as wait } from 'node:timers/promises';
import { startFollowers, type Followers } from '../followers.js';
import type { EventInput } from '../generator.js';
import { judgeStreams, type StreamedEvent } from '../judge-streams.js';
import { killApi } from '../nemesis/kill.js';
import { commandRedis } from '../nemesis/redis.js';
import type { Random } from '../random.js';
import { query } from '../servers.js';
import type { Scenario } from '../stage.js';
import { startSystem, type System } from '../system.js';

const CLIENTS = 200;
const USERS = Array.from({ length: 20 }, (_, index) => `user-${String(index)}`);
const PUBLISHERS = 4;
const LARGEST_BATCH = 20;
/** So that the faults come in the middle of it. */
const PAUSE_MS = [20, 80] as const;
const FOR_EVERYONE = 0.2;
/** How long the clients have, when all is healed, to get what they do not have yet. */
const SETTLE_MS = 60_000;
const POLL_MS = 250;

export const streams: Scenario = {
  name: 'streams',
  describe:
    '200 clients of two APIs reconnect at random while 20,000 events are published (3,000 in the short form), Redis is killed, its subscriptions are cut, and APIs are killed and replaced',
  isSelected: true,
  async run(stage) {
    const { random } = stage;
    const count = stage.isShort ? 3000 : 20_000;
    const rounds = stage.isShort ? 1 : 4;
    const system = await startSystem(stage, { apis: 2, workers: 1, webhooks: [], env: { STREAMS_PER_OWNER: '1000' } });
    const { processes, publisher } = system;
    await publisher.publish([{ type: 'extraction.started', user: null, data: { version: 'first', entity_types: [] } }]);
    const [first] = await readLog(system);
    if (!first) throw new Error('The first event is not in the log.');
    const followers = startFollowers({
      count: CLIENTS,
      users: USERS,
      after: first.id,
      url: processes.url,
      token: (user) => processes.token(user),
      random,
    });
    stage.cleanup.add(() => followers.stop());

    const published = publish(system, random, count);
    for (let round = 0; round < rounds; round += 1) {
      await wait(random.between(500, 1500));
      await commandRedis(system.redis.url, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
      stage.note('subscriptions were cut');
      await wait(random.between(200, 1000));
      await system.redis.stop('SIGKILL');
      const over = system.fault({ name: 'Redis is away' });
      await wait(random.between(300, 1500));
      await killApi(system, random.pick(processes.apis));
      await wait(random.between(300, 1500));
      await system.redis.start();
      over();
      await processes.addApi();
    }
    await published;
    const verdict = await system.settle();
    const log = (await readLog(system)).slice(1);
    await settle(followers, log, stage.drainMs ?? SETTLE_MS);
    await followers.stop();

    const events = followers.logs.reduce((sum, { received }) => sum + received.length, 0);
    return {
      ...verdict,
      violations: [...verdict.violations, ...judgeStreams(log, followers.logs)],
      notes: [
        `${String(CLIENTS)} clients got ${String(events)} events of ${String(log.length)} over ${String(followers.connections())} connections`,
      ],
    };
  },
};

/** Publishes so many, bit by bit, whatever comes of each. */
async function publish({ publisher }: System, random: Random, count: number): Promise<void> {
  let left = count;
  const service = async (): Promise<void> => {
    while (left > 0) {
      const batch = Math.min(left, random.whole(1, LARGEST_BATCH));
      left -= batch;
      await publisher.publish(Array.from({ length: batch }, () => someEvent(random)));
      await wait(random.between(...PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, service));
}

function someEvent(random: Random): EventInput {
  if (random.chance(FOR_EVERYONE))
    return { type: 'extraction.started', user: null, data: { version: '2026-11', entity_types: [] } };
  const user = random.pick(USERS);
  return random.pick<EventInput>([
    { type: 'sync.failed', user, data: { user_id: user, error_message: 'Zeile\nfür\r\nZeile ✓' } },
    { type: 'gaps.updated', user, data: { user_id: user, entity_type: 'artist', entity_id: '1' } },
  ]);
}

function readLog({ databaseUrl }: System): Promise<StreamedEvent[]> {
  return query<StreamedEvent & Record<string, unknown>>(
    databaseUrl,
    'SELECT id, type, owner AS user FROM events ORDER BY position',
  );
}

/** Waits until each client has as much as the log has for it, or too long. */
async function settle(followers: Followers, log: readonly StreamedEvent[], deadlineMs: number): Promise<void> {
  followers.settle();
  const end = performance.now() + deadlineMs;
  const waiting = (): boolean =>
    followers.logs.some(({ received, maySee }) => received.length < log.reduce((sum, event) => sum + (maySee(event) ? 1 : 0), 0));
  while (performance.now() < end && waiting()) await wait(POLL_MS);
  // What comes twice may come last.
  await wait(POLL_MS);
}
