// npm run bench [-- NAME] [--rounds N] [--json], and npm run bench -- year [--scale N] [--fresh]
import { parseArgs } from 'node:util';
import { benchDelivery } from './delivery/bench.js';
import { benchGrowth } from './growth/bench.js';
import { benchLatency } from './latency/bench.js';
import { benchLimits } from './limits/bench.js';
import { explainListing } from './listing/explain.js';
import { benchMemory } from './memory/bench.js';
import { benchPublish } from './publish/bench.js';
import { benchRecovery } from './recovery/bench.js';
import { benchStream } from './stream/bench.js';
import { printTable, type Report } from './report.js';
import { parseYearSize, prepareYear } from './year/prepare.js';

/** `listing` prints plans, and `memory` prints megabytes; the others return reports. */
const BENCHES: Partial<Record<string, (rounds: number) => Promise<Report | Report[] | undefined>>> = {
  delivery: benchDelivery,
  latency: benchLatency,
  growth: benchGrowth,
  memory: benchMemory,
  recovery: benchRecovery,
  limits: benchLimits,
  publish: benchPublish,
  stream: benchStream,
  listing: explainListing,
};
/** The benches that run when none is named. */
const DEFAULT_BENCHES = ['delivery', 'recovery'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    // Only for the year.
    fresh: { type: 'boolean', default: false },
    scale: { type: 'string' },
    days: { type: 'string' },
    partitions: { type: 'string' },
    owners: { type: 'string' },
    webhooks: { type: 'string' },
    events: { type: 'string' },
    deliveries: { type: 'string' },
  },
});
const names = positionals.length > 0 ? positionals : DEFAULT_BENCHES;
for (const name of names) {
  if (name === 'year') {
    await prepareYear(parseYearSize(values), values.fresh);
    continue;
  }
  const bench = BENCHES[name];
  if (!bench) throw new Error(`Unknown bench "${name}". Known benches: ${Object.keys(BENCHES).join(', ')}.`);
  for (const report of [(await bench(Number(values.rounds))) ?? []].flat()) {
    if (values.json) console.log(JSON.stringify(report));
    else printTable(report);
  }
}
