// npm run bench [-- NAME] [--rounds N] [--json] [--year], and npm run bench -- year [--scale N] [--fresh]
import { parseArgs } from 'node:util';
import { benchBudget } from './budget/bench.js';
import { benchDelivery } from './delivery/bench.js';
import { benchDrain } from './drain/bench.js';
import { benchEveryone } from './everyone/bench.js';
import { benchGrowth } from './growth/bench.js';
import { benchHeldVacuum } from './held-vacuum/bench.js';
import { benchLatency } from './latency/bench.js';
import { benchLimits } from './limits/bench.js';
import { explainListing } from './listing/explain.js';
import { benchMemory } from './memory/bench.js';
import { benchPublish } from './publish/bench.js';
import { benchRates } from './rates/bench.js';
import { benchRecovery } from './recovery/bench.js';
import { benchStream } from './stream/bench.js';
import { printTable, type Report } from './report.js';
import type { BenchOptions } from './servers.js';
import { benchTypes } from './types/bench.js';
import { parseYearSize, prepareYear } from './year/prepare.js';

/** A bench; `listing` prints plans, `memory` megabytes, `budget` and `types` the costs of routes; the others return reports. */
type Bench = (rounds: number, options: BenchOptions) => Promise<Report | Report[] | undefined>;

/** The benches that can run on the database of a year. */
const BENCHES_ON_YEAR: Partial<Record<string, Bench>> = {
  delivery: benchDelivery,
  latency: benchLatency,
  growth: benchGrowth,
  drain: benchDrain,
  recovery: benchRecovery,
  limits: benchLimits,
  publish: benchPublish,
  rates: benchRates,
  budget: benchBudget,
};
const BENCHES: Partial<Record<string, Bench>> = {
  ...BENCHES_ON_YEAR,
  everyone: benchEveryone,
  'held-vacuum': benchHeldVacuum,
  memory: benchMemory,
  stream: benchStream,
  listing: explainListing,
  types: benchTypes,
};
/** The benches that run when none is named. */
const DEFAULT_BENCHES = ['delivery', 'recovery'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    year: { type: 'boolean', default: false },
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
const benches = values.year ? BENCHES_ON_YEAR : BENCHES;
for (const name of names) {
  if (name === 'year') {
    await prepareYear(parseYearSize(values), values.fresh);
    continue;
  }
  const bench = benches[name];
  if (!bench) {
    throw new Error(
      `Unknown bench "${name}"${values.year ? ' with --year' : ''}. Known benches: ${Object.keys(benches).join(', ')}.`,
    );
  }
  for (const report of [(await bench(Number(values.rounds), { year: values.year })) ?? []].flat()) {
    if (values.json) console.log(JSON.stringify(report));
    else printTable(report);
  }
}
