import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** As it is built: `npm test` builds before it runs the suites. */
const PACKAGE = join(import.meta.dirname, '../dist/index.js');
const SETTINGS = { sampler: 'always_on', ratio: 1, scheduleDelayMs: 1 };

/** Runs a program that knows `startTracing`, and answers with what it tells. */
function run(program: string, env: NodeJS.ProcessEnv = {}): unknown {
  const head = `import { startTracing } from ${JSON.stringify(PACKAGE)}; const tell = (what) => console.log(JSON.stringify(what));`;
  const args = ['--input-type=module', '--eval', head + program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } })) as unknown;
}

/** What of OpenTelemetry a process has loaded once it has started tracing with these settings. */
const loadedWith = (settings: object | null) =>
  run(`
    const { createRequire } = await import('node:module');
    const tracing = await startTracing({ serviceName: 'test', settings: ${JSON.stringify(settings)}, onError: () => undefined });
    const loaded = Object.keys(createRequire(${JSON.stringify(PACKAGE)}).cache).filter((path) => path.includes('@opentelemetry'));
    tell([String(tracing), ...loaded]);`) as string[];

test('where no traces are wanted nothing of OpenTelemetry is loaded', () => {
  expect(loadedWith(null)).toEqual(['undefined']);
  // So that the line above says something.
  expect(loadedWith(SETTINGS).length).toBeGreaterThan(10);
});

test('a collector that is away is told of once, and keeps no process from stopping for long', () => {
  const told = run(
    `
    const reasons = [];
    let told;
    const first = new Promise((resolve) => (told = resolve));
    const onError = (reason) => (told(), reasons.push(reason));
    const tracing = await startTracing({ serviceName: 'test', settings: ${JSON.stringify(SETTINGS)}, onError });
    for (let count = 0; count < 3; count += 1) await tracing.run({ name: 'any' }, () => Promise.resolve());
    // Spans that wait keep no process alive.
    const alive = setInterval(() => undefined, 1000);
    await first;
    clearInterval(alive);
    tracing.begin({ name: 'last' }).end();
    const before = performance.now();
    await tracing.shutdown();
    tell({ reasons: reasons.length, quick: performance.now() - before < 5000 });`,
    // Nobody listens on port 1.
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
  );
  expect(told).toEqual({ reasons: 1, quick: true });
});
