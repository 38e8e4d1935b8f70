import { afterEach, expect, test } from '@jest/globals';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROTOCOLS } from './settings.js';

/** The built package: `npm test` builds before it runs the suites. */
const PACKAGE = join(import.meta.dirname, '../../dist/tracing/index.js');
const SETTINGS = { protocol: 'http/json', sampler: 'always_on', ratio: 1, scheduleDelayMs: 1 };

const argumentsFor = (program: string): string[] => {
  const head = `import { startTracing } from ${JSON.stringify(PACKAGE)}; const print = (value) => console.log(JSON.stringify(value));`;
  return ['--input-type=module', '--eval', head + program];
};

/** Runs a program with `startTracing` in a new process. Returns the value that the program prints with `print`. */
function run(program: string, env: NodeJS.ProcessEnv = {}): unknown {
  return JSON.parse(
    execFileSync(process.execPath, argumentsFor(program), { encoding: 'utf8', env: { ...process.env, ...env } }),
  ) as unknown;
}

/** The modules of OpenTelemetry that a process has loaded after it started tracing with these settings. */
const loadedWith = (settings: object | null) =>
  run(`
    const { createRequire } = await import('node:module');
    const tracing = await startTracing({ serviceName: 'test', settings: ${JSON.stringify(settings)}, onError: () => undefined });
    const loaded = Object.keys(createRequire(${JSON.stringify(PACKAGE)}).cache).filter((path) => path.includes('@opentelemetry'));
    print([String(tracing), ...loaded]);`) as string[];

test('loads nothing of OpenTelemetry when traces are off', () => {
  expect(loadedWith(null)).toEqual(['undefined']);
  // Proves that the line above can fail.
  expect(loadedWith(SETTINGS).length).toBeGreaterThan(10);
});

test('reports a collector that is away once, and lets the process stop soon', () => {
  const result = run(
    `
    const reasons = [];
    let report;
    const firstReport = new Promise((resolve) => (report = resolve));
    const onError = (reason) => (report(), reasons.push(reason));
    const tracing = await startTracing({ serviceName: 'test', settings: ${JSON.stringify(SETTINGS)}, onError });
    for (let count = 0; count < 3; count += 1) await tracing.run({ name: 'any' }, () => Promise.resolve());
    // Waiting spans do not keep the process alive.
    const alive = setInterval(() => undefined, 1000);
    await firstReport;
    clearInterval(alive);
    tracing.begin({ name: 'last' }).end();
    const before = performance.now();
    await tracing.shutdown();
    print({ reasons: reasons.length, quick: performance.now() - before < 5000 });`,
    // Nothing listens on port 1.
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
  );
  expect(result).toEqual({ reasons: 1, quick: true });
});

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** An export that a collector received: its content type, and its bytes. */
type Receive = (contentType: string, body: Buffer) => void;

/** Starts a collector for OTLP over HTTP. Returns its URL. */
async function startHttpCollector(receive: Receive): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      if (request.url === '/v1/traces') receive(String(request.headers['content-type']), Buffer.concat(chunks));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Starts a collector for OTLP over gRPC. Returns its URL. */
async function startGrpcCollector(receive: Receive): Promise<string> {
  const same = (bytes: Buffer): Buffer => bytes;
  const server = new Server();
  server.addService(
    {
      Export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    {
      Export: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => {
        receive('application/grpc', call.request);
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  stops.push(() => {
    server.forceShutdown();
  });
  return `http://127.0.0.1:${String(port)}`;
}

const CONTENT_TYPES = { 'http/protobuf': 'application/x-protobuf', 'http/json': 'application/json', grpc: 'application/grpc' };
/** The packages that only one protocol needs. */
const PACKAGES = {
  'http/protobuf': 'exporter-trace-otlp-proto',
  'http/json': 'exporter-trace-otlp-http',
  grpc: 'exporter-trace-otlp-grpc',
};

test.each(PROTOCOLS)('sends the spans to the collector over %s, and loads no other exporter', async (protocol) => {
  const received: { contentType: string; body: Buffer }[] = [];
  const receive: Receive = (contentType, body) => received.push({ contentType, body });
  const url = await (protocol === 'grpc' ? startGrpcCollector(receive) : startHttpCollector(receive));
  const program = `
    const { createRequire } = await import('node:module');
    const onError = (reason) => console.error(reason);
    const settings = ${JSON.stringify({ ...SETTINGS, protocol, scheduleDelayMs: 60_000 })};
    const tracing = await startTracing({ serviceName: 'tidings-test', settings, onError });
    const traceId = await tracing.run({ name: 'accept' }, (span) => Promise.resolve(span.ids.trace_id));
    await tracing.shutdown();
    const loaded = Object.keys(createRequire(${JSON.stringify(PACKAGE)}).cache);
    print({ traceId, loaded: ${JSON.stringify(Object.values(PACKAGES))}.filter((name) => loaded.some((path) => path.includes(name))) });`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, argumentsFor(program), {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: url },
  });
  const { traceId, loaded } = JSON.parse(stdout) as { traceId: string; loaded: string[] };
  expect(stderr).toBe('');
  expect(loaded).toEqual([PACKAGES[protocol]]);
  expect(received.map(({ contentType }) => contentType)).toEqual([CONTENT_TYPES[protocol]]);
  const body = received[0]?.body ?? Buffer.alloc(0);
  for (const text of ['tidings-test', 'accept', protocol === 'http/json' ? traceId : Buffer.from(traceId, 'hex')])
    expect([text, body.includes(text)]).toEqual([text, true]);
});
