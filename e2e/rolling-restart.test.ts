import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import type { LocalApi } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { NGINX, startDeployedNginx, type Nginx } from './harness/nginx.js';
import { describeWith } from './harness/programs.js';
import type { Follower } from './harness/stream.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { createUser, type User } from './harness/user.js';

const PUBLISHERS = 4;
const READERS = 2;
const STREAMS = 3;
/** How many requests each client sends before, between and after the restarts. */
const REQUESTS = 10;
const DEADLINE_MS = 120_000;
const portOf = ({ url }: LocalApi) => Number(new URL(url).port);
const event = () => syncFailed({ user_id: 'alice', error_message: '' });

describeWith({ nginx: NGINX }, 'behind the nginx of deploy/nginx, two API processes', () => {
  let tidings: Tidings;
  let nginx: Nginx;
  let ports: [number, number];
  let apis: [LocalApi, LocalApi];
  let alice: User;
  let service: User;
  beforeAll(async () => {
    // The default, which the tests of other suites do not wait for.
    tidings = await startTidings({ env: { SHUTDOWN_IDLE_MS: '2000' }, workers: 0 });
    apis = [tidings.api, await tidings.startApi()];
    ports = [portOf(apis[0]), portOf(apis[1])];
    nginx = await startDeployedNginx(ports);
    alice = createUser(nginx.url, tidings.asUser('alice').token);
    service = createUser(nginx.url, tidings.asUser('service', 'events:publish').token);
  }, DEADLINE_MS);
  afterAll(async () => {
    await nginx.stop();
    await tidings.stop();
  });

  test('are restarted in turns: no request fails, and no stream loses or repeats an event', async () => {
    const followers = await Promise.all(Array.from({ length: STREAMS }, () => alice.follow()));
    const traffic = startTraffic([
      ...Array.from({ length: PUBLISHERS }, () => () => publish()),
      ...Array.from({ length: READERS }, () => () => alice.call('GET', '/api/webhooks')),
    ]);
    await traffic.more();
    for (const index of [0, 1] as const) {
      expect(await apis[index].stop('SIGTERM')).toBe(0);
      await traffic.more();
      apis[index] = await tidings.startApi({ PORT: String(ports[index]) });
      await traffic.more();
    }
    await traffic.stop();
    expect(traffic.statuses()).toEqual([200, 202]);
    await expectAll(followers);
  }, 300_000);

  test('are killed in turns: no request fails that may be repeated, and no event is accepted twice', async () => {
    const followers = [await alice.follow()];
    const before = (await alice.eventLog()).length;
    let key = 0;
    const traffic = startTraffic([
      ...Array.from({ length: PUBLISHERS }, () => () => publish(`key-${String((key += 1))}`)),
      ...Array.from({ length: READERS }, () => () => alice.call('GET', '/api/webhooks')),
    ]);
    await traffic.more();
    for (const index of [0, 1] as const) {
      await apis[index].stop('SIGKILL');
      await traffic.more();
      apis[index] = await tidings.startApi({ PORT: String(ports[index]) });
      await traffic.more();
    }
    await traffic.stop();
    expect(traffic.statuses().every((status) => status < 300)).toBe(true);
    expect((await alice.eventLog()).length - before).toBe(key);
    await expectAll(followers, before);
  }, 300_000);

  /** Publishes one event without an id, as a service does that leaves it to the API. */
  async function publish(key?: string): Promise<{ status: number }> {
    const response = await fetch(new URL('/api/events', nginx.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${service.token}`,
        'content-type': 'application/json',
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: JSON.stringify(event()),
    });
    await response.arrayBuffer();
    return response;
  }

  /** Expects each stream to have every event of the log after the first ones, once and in the log's order. */
  async function expectAll(followers: readonly Follower[], from = 0): Promise<void> {
    const log = (await alice.eventLog()).slice(from);
    for (const follower of followers) {
      await eventually(() => {
        expect(follower.ids().length).toBeGreaterThanOrEqual(log.length);
      }, DEADLINE_MS);
      expect(follower.ids()).toEqual(log);
    }
  }
});

/** Sends requests without a pause, each client one after the other, until `stop`. */
function startTraffic(clients: readonly (() => Promise<{ status: number }>)[]) {
  const statuses = new Set<number>();
  const counts = clients.map(() => 0);
  let isStopped = false;
  const running = clients.map(async (send, index) => {
    while (!isStopped) {
      const { status } = await send();
      statuses.add(status);
      counts[index] = (counts[index] ?? 0) + 1;
    }
  });
  return {
    /** Resolves when each client has sent this many more requests. */
    async more() {
      const until = counts.map((count) => count + REQUESTS);
      await eventually(() => {
        expect(counts.every((count, index) => count >= (until[index] ?? 0))).toBe(true);
      }, DEADLINE_MS);
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
    /** The status codes of all answers, each once. */
    statuses: () => [...statuses].sort(),
  };
}
