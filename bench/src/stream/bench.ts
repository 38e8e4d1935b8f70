import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { encodeAnnouncement, streamChannel } from '@tidings/accept';
import { startTidings } from '@tidings/local';
import { connectRedis } from '@tidings/queue';
import { startCpu } from '../cpu.js';
import { now } from '../now.js';
import { report, type Measured, type Report } from '../report.js';
import { residentBytes } from '../resident.js';
import { onServers, type Servers } from '../servers.js';
import { urlOf } from '../world.js';
import type { Answer, Order } from './clients.js';
import { startNchan } from './nchan.js';

const CONNECTIONS = [1000, 10_000];
/** Events of a round, divided by the connections: each round delivers as much. */
const DELIVERED = 400_000;
const BURST = 20;
const IDLE_MS = 15_000;
const USERS = 1000;
const PREFIX = '{bench}';
const BARE_CHANNEL = 'bare';
const LIMITS = { MAX_STREAMS: '20000', MAX_CONNECTIONS: '20000', STREAM_HEARTBEAT_MS: '60000' };

interface Target {
  /** Of the stream. */
  url: string;
  pid: number;
  /** Announces so many events to it, one message each. */
  announce: (count: number) => Promise<void>;
}

/** A server with its clients. */
interface Side extends Omit<Target, 'url'> {
  /** How much memory each connection takes while nothing happens, in bytes. */
  idleBytes: number;
  /** Resolves when each client has got so many events more, with how long some of them took. */
  expect: (events: number) => Promise<number[]>;
  close: () => void;
}

/**
 * Fan-out of events to many streams of one API process: from the announcement over Redis to the clients. Beside it,
 * alternately in the same run, a bare server that gets such messages and writes one prebuilt buffer to each socket.
 */
export async function benchStream(rounds: number): Promise<Report[]> {
  return onServers(async (servers) => {
    const { databaseUrl, redisUrl } = servers;
    const tidings = await startTidings({ databaseUrl, redisUrl, prefix: PREFIX, workers: 0, env: LIMITS });
    servers.atEnd(() => tidings.stop());
    const bare = await servers.start('stream/bare.js', { CHANNEL: BARE_CHANNEL });
    const tokens = Array.from({ length: USERS }, (_, index) => tidings.token(`user-${String(index)}`));

    const announcer = createAnnouncer(servers);
    const ours = { url: `${tidings.url}/api/events/stream`, pid: tidings.api.pid, announce: announcer(streamChannel(PREFIX)) };
    const theirs = { url: urlOf(bare), pid: bare.pid, announce: announcer(BARE_CHANNEL) };
    const nchan = await peer(servers);
    const reports: Report[] = [];
    for (const connections of CONNECTIONS) {
      const sides = {
        Tidings: await connect(ours, tokens, connections),
        'bare write loop': await connect(theirs, tokens, connections),
        ...(nchan ? { 'nginx with nchan': await connect(nchan, tokens, connections) } : {}),
      };
      const events = DELIVERED / connections;
      for (const together of [1, BURST]) {
        const how = together === 1 ? 'one event at a time' : `bursts of ${String(together)}`;
        const measured = Object.entries(sides).map(([name, side]) => {
          const row: Measured = { name, rates: [], cpuUs: {} };
          return { side, row, latenciesMs: [] as number[] };
        });
        // The first round warms up.
        for (let round = 0; round <= rounds; round += 1) {
          for (const { side, row, latenciesMs } of measured) {
            const cpu = startCpu({ server: side.pid });
            const startedAt = performance.now();
            for (let sent = 0; sent < events; sent += together) {
              await side.announce(together);
              const took = await side.expect(together);
              if (round > 0) latenciesMs.push(...took);
            }
            const seconds = (performance.now() - startedAt) / 1000;
            const cost = cpu(DELIVERED);
            if (round === 0) continue;
            row.rates.push(DELIVERED / seconds);
            (row.cpuUs['server'] ??= []).push(cost['server'] ?? NaN);
          }
        }
        for (const { row, latenciesMs, side } of measured) {
          row.notes = `p50 ${percentile(latenciesMs, 0.5)} ms, p99 ${percentile(latenciesMs, 0.99)} ms, ${(side.idleBytes / 1024).toFixed(1)} KB a connection`;
        }
        reports.push(
          report(
            `Stream, ${String(connections)} connections, ${how}`,
            'events delivered/s',
            measured.map(({ row }) => row),
          ),
        );
        console.error(`  ${String(connections)} connections, ${how}: done`);
      }
      for (const side of Object.values(sides)) side.close();
    }
    return reports;
  });
}

/** nchan, if there is one. It is told over HTTP, each event by itself. */
async function peer(servers: Servers): Promise<Target | undefined> {
  const nchan = await startNchan(servers);
  if (!nchan) console.error('  nchan is not installed (libnginx-mod-nchan): there is no row for it');
  return nchan && { ...nchan, announce: (count) => nchan.announce(Array.from({ length: count }, () => eventData(now()))) };
}

/** Says when it was announced. */
function eventData(at: number): string {
  return JSON.stringify({ version: at.toFixed(3), entity_types: ['artists', 'releases'] });
}

/** Announces events at the end of the log, one message each, as those who accept them do. */
function createAnnouncer({ redisUrl, atEnd }: Servers): (channel: string) => Side['announce'] {
  const redis = connectRedis(redisUrl, 'command', () => undefined);
  atEnd(() => {
    redis.disconnect();
  });
  return (channel) => {
    let position = 0;
    return async (count) => {
      const messages = Array.from({ length: count }, () => {
        position += 1;
        const at = now();
        return encodeAnnouncement([
          {
            position,
            id: `evt_01a20f82-5842-707e-8af6-${position.toString(16).padStart(12, '0')}`,
            type: 'extraction.started',
            owner: null,
            data: eventData(at),
            announcedAt: Math.floor(at),
          },
        ]);
      });
      await Promise.all(messages.map((message) => redis.publish(channel, message)));
    };
  };
}

async function connect({ url, pid, announce }: Target, tokens: string[], count: number): Promise<Side> {
  const child = fork(join(import.meta.dirname, 'clients.js'));
  const failed = once(child, 'exit').then(() => {
    throw new Error(`The clients of ${url} gave up.`);
  });
  // Also when nobody asks, as at the end.
  failed.catch(() => undefined);
  const ask = async (order: Order): Promise<Answer> => {
    child.send(order);
    const [answer] = (await Promise.race([once(child, 'message'), failed])) as [Answer];
    return answer;
  };
  const { hostname: host, port, pathname: path } = new URL(url);
  const before = residentBytes(pid);
  await ask({ open: { host, port: Number(port), path, tokens, count } });
  // What opening them left behind is no connection's: V8 looks after it when a process has had nothing to do for some seconds.
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return {
    pid,
    announce,
    idleBytes: (residentBytes(pid) - before) / count,
    async expect(events) {
      const answer = await ask({ expect: events });
      return 'received' in answer ? answer.latenciesMs : [];
    },
    close: () => {
      child.disconnect();
    },
  };
}

function percentile(numbers: number[], part: number): string {
  const sorted = numbers.sort((one, other) => one - other);
  return (sorted[Math.ceil(sorted.length * part) - 1] ?? NaN).toFixed(1);
}
