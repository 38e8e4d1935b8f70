import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { encodeAnnouncement, streamChannel } from '@tidings/accept';
import { startTidings } from '@tidings/local';
import { connectRedis } from '@tidings/queue';
import { startCpuMeasurement } from '../cpu.js';
import { now } from '../now.js';
import { report, type Measured, type Report } from '../report.js';
import { residentBytes } from '../memory.js';
import { withServers, type Servers } from '../servers.js';
import { urlOf } from '../measured-tidings.js';
import type { Reply, Command } from './clients.js';
import { startNchan } from './nchan.js';

const CONNECTIONS = [1000, 10_000];
/** The deliveries of a round: its events times the connections. */
const DELIVERED = 400_000;
const BURST = 20;
const IDLE_MS = 15_000;
const OWNERS = 1000;
const PREFIX = '{bench}';
const BARE_CHANNEL = 'bare';
const LIMITS = { MAX_STREAMS: '20000', MAX_CONNECTIONS: '20000', CONNECTIONS_PER_ADDRESS: '0', STREAM_HEARTBEAT_MS: '60000' };

interface Target {
  /** The URL of the stream. */
  url: string;
  pid: number;
  /** Announces `count` events, one message each. */
  announce: (count: number) => Promise<void>;
}

/** A server with its connected clients. */
interface Variant extends Omit<Target, 'url'> {
  /** The memory of an idle connection, in bytes. */
  idleBytes: number;
  /** Resolves when each client has received this number of further events, with the latencies of a sample in milliseconds. */
  expect: (events: number) => Promise<number[]>;
  close: () => void;
}

/**
 * Measures the fan-out of events to many streams of one API process, from the announcement over Redis to the clients. The same
 * run measures an upper limit, a server that gets the same messages and writes one prebuilt buffer to each socket, and nchan.
 */
export async function benchStream(rounds: number): Promise<Report[]> {
  return withServers(async (servers) => {
    const { databaseUrl, redisUrl } = servers;
    const tidings = await startTidings({ databaseUrl, redisUrl, prefix: PREFIX, workers: 0, env: LIMITS });
    servers.addCleanup(() => tidings.stop());
    const bare = await servers.start('stream/bare.js', { CHANNEL: BARE_CHANNEL });
    const tokens = Array.from({ length: OWNERS }, (_, index) => tidings.token(`user-${String(index)}`));

    const announcer = createAnnouncer(servers);
    const tidingsTarget = {
      url: `${tidings.url}/api/events/stream`,
      pid: tidings.api.pid,
      announce: announcer(streamChannel(PREFIX)),
    };
    const bareTarget = { url: urlOf(bare), pid: bare.pid, announce: announcer(BARE_CHANNEL) };
    const nchan = await startNchanTarget(servers);
    const reports: Report[] = [];
    for (const connections of CONNECTIONS) {
      const variants = {
        Tidings: await connect(tidingsTarget, tokens, connections),
        'bare write loop': await connect(bareTarget, tokens, connections),
        ...(nchan ? { 'nginx with nchan': await connect(nchan, tokens, connections) } : {}),
      };
      const events = DELIVERED / connections;
      for (const together of [1, BURST]) {
        const how = together === 1 ? 'one event at a time' : `bursts of ${String(together)}`;
        const measured = Object.entries(variants).map(([name, variant]) => {
          const row: Measured = { name, rates: [], cpuUs: {} };
          return { variant, row, latenciesMs: [] as number[] };
        });
        // The first round is a warm-up.
        for (let round = 0; round <= rounds; round += 1) {
          for (const { variant, row, latenciesMs } of measured) {
            const cpu = startCpuMeasurement({ server: variant.pid });
            const startedAt = performance.now();
            for (let sent = 0; sent < events; sent += together) {
              await variant.announce(together);
              const took = await variant.expect(together);
              if (round > 0) latenciesMs.push(...took);
            }
            const seconds = (performance.now() - startedAt) / 1000;
            const cost = cpu(DELIVERED);
            if (round === 0) continue;
            row.rates.push(DELIVERED / seconds);
            (row.cpuUs['server'] ??= []).push(cost['server'] ?? NaN);
          }
        }
        for (const { row, latenciesMs, variant } of measured) {
          row.notes = `p50 ${percentile(latenciesMs, 0.5)} ms, p99 ${percentile(latenciesMs, 0.99)} ms, ${(variant.idleBytes / 1024).toFixed(1)} KB a connection`;
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
      for (const variant of Object.values(variants)) variant.close();
    }
    return reports;
  });
}

/** Starts nchan, if it is installed. Events are published to it over HTTP, one a request. */
async function startNchanTarget(servers: Servers): Promise<Target | undefined> {
  const nchan = await startNchan(servers);
  if (!nchan) console.error('  nchan is not installed (libnginx-mod-nchan), so the report has no row for it');
  return nchan && { ...nchan, announce: (count) => nchan.announce(Array.from({ length: count }, () => eventData(now()))) };
}

/** The data of an event, with the time of its announcement. */
function eventData(at: number): string {
  return JSON.stringify({ version: at.toFixed(3), entity_types: ['artists', 'releases'] });
}

/** Announces events with increasing positions, one message each, in the format of the API and the worker. */
function createAnnouncer({ redisUrl, addCleanup }: Servers): (channel: string) => Variant['announce'] {
  const redis = connectRedis(redisUrl, 'command', () => undefined);
  addCleanup(() => {
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
            version: 1,
            isPreview: false,
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

async function connect({ url, pid, announce }: Target, tokens: string[], count: number): Promise<Variant> {
  const child = fork(join(import.meta.dirname, 'clients.js'));
  const exited = once(child, 'exit').then(() => {
    throw new Error(`The clients of ${url} exited.`);
  });
  // Also handles the exit at the end, when no command is pending.
  exited.catch(() => undefined);
  const ask = async (command: Command): Promise<Reply> => {
    child.send(command);
    const [answer] = (await Promise.race([once(child, 'message'), exited])) as [Reply];
    return answer;
  };
  const { hostname: host, port, pathname: path } = new URL(url);
  const before = residentBytes(pid);
  await ask({ open: { host, port: Number(port), path, tokens, count } });
  // Excludes the garbage of opening the connections: V8 collects it when a process has been idle for some seconds.
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
