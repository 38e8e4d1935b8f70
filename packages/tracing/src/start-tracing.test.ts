import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** As it is built: `npm test` builds before it runs the suites. */
const PACKAGE = join(import.meta.dirname, '../dist/index.js');

/** What of OpenTelemetry a process has loaded once it has started tracing with these settings. */
function loadedWith(settings: object | null): string[] {
  const script = `
    import { createRequire } from 'node:module';
    import { startTracing } from ${JSON.stringify(PACKAGE)};
    const tracing = await startTracing({ serviceName: 'test', settings: ${JSON.stringify(settings)}, onError: () => undefined });
    const loaded = Object.keys(createRequire(${JSON.stringify(PACKAGE)}).cache).filter((path) => path.includes('@opentelemetry'));
    console.log(JSON.stringify([String(tracing), ...loaded]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  return JSON.parse(output) as string[];
}

test('where no traces are wanted nothing of OpenTelemetry is loaded', () => {
  expect(loadedWith(null)).toEqual(['undefined']);
  const settings = { sampler: 'always_on', ratio: 1, scheduleDelayMs: 5000 };
  // So that the line above says something.
  expect(loadedWith(settings).length).toBeGreaterThan(10);
});
