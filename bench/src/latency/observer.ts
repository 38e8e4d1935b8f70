// Receives webhooks, follows the stream, and records the latency of each event after its intended publish time. Events have
// that time, in milliseconds since 1970, as their `entity_id`. A GET returns the latencies since the last GET.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { now } from '../now.js';

/** The latencies since the last GET. */
export interface Observed {
  webhook: Latencies;
  stream: Latencies;
}

/** Percentiles in milliseconds. */
export interface Latencies {
  count: number;
  p50: number;
  p99: number;
  p999: number;
}

const INTENDED = /"entity_id":"([\d.]+)"/g;

function createRecorder() {
  const histogram = createHistogram();
  return {
    record(text: string, at: number): void {
      for (const [, intended] of text.matchAll(INTENDED)) {
        histogram.record(Math.max(1, Math.round((at - Number(intended)) * 1000)));
      }
    },
    take(): Latencies {
      const of = (percent: number): number => histogram.percentile(percent) / 1000;
      const latencies = { count: histogram.count, p50: of(50), p99: of(99), p999: of(99.9) };
      histogram.reset();
      return latencies;
    },
  };
}

const webhook = createRecorder();
const stream = createRecorder();

async function follow(url: string, token: string): Promise<void> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok || !response.body) throw new Error(`The stream answered ${String(response.status)}.`);
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const at = now();
    rest += chunk;
    const end = rest.lastIndexOf('\n\n');
    stream.record(rest.slice(0, end + 1), at);
    rest = rest.slice(end + 1);
  }
}

const server = createServer((request, response) => {
  // The time of the first byte: the body follows the headers.
  const at = now();
  if (request.method === 'GET') {
    response.end(JSON.stringify({ webhook: webhook.take(), stream: stream.take() } satisfies Observed));
    return;
  }
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  request.once('end', () => {
    response.writeHead(204).end();
    if (request.url === '/follow') void follow(...(JSON.parse(body) as [string, string])).catch(() => process.exit(1));
    else webhook.record(body, at);
  });
}).listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
