// npm run bench [-- NAME] [--rounds N] [--json]
import { parseArgs } from 'node:util';
import { benchDelivery } from './delivery/bench.js';
import { explainListing } from './listing/explain.js';
import { benchRecovery } from './recovery/bench.js';
import { printTable, type Report } from './report.js';

const BENCHES: Partial<Record<string, (rounds: number) => Promise<Report>>> = {
  delivery: benchDelivery,
  recovery: benchRecovery,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
for (const name of names) {
  if (name === 'listing') {
    await explainListing();
    continue;
  }
  const bench = BENCHES[name];
  if (!bench) throw new Error(`There is no bench "${name}". There are: ${[...Object.keys(BENCHES), 'listing'].join(', ')}.`);
  const report = await bench(Number(values.rounds));
  if (values.json) console.log(JSON.stringify(report));
  else printTable(report);
}
