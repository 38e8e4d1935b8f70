import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The built package: `npm test` builds before it runs the suites. */
const PACKAGE = join(import.meta.dirname, '../../dist/tracing/index.js');
const SETTINGS = { sampler: 'always_on', ratio: 1, scheduleDelayMs: 1 };

/** Runs a program with `startTracing` in a new process. Returns the value that the program prints with `print`. */
function run(program: string, env: NodeJS.ProcessEnv = {}): unknown {
  const head = `import { startTracing } from ${JSON.stringify(PACKAGE)}; const print = (value) => console.log(JSON.stringify(value));`;
  const args = ['--input-type=module', '--eval', head + program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } })) as unknown;
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
