// npm run bench [-- NAME] [--rounds N] [--json]
import { parseArgs } from 'node:util';
import { benchDelivery } from './delivery/bench.js';
import { printTable, type Report } from './report.js';

const BENCHES: Partial<Record<string, (rounds: number) => Promise<Report>>> = { delivery: benchDelivery };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
for (const name of names) {
  const bench = BENCHES[name];
  if (!bench) throw new Error(`There is no bench "${name}". There are: ${Object.keys(BENCHES).join(', ')}.`);
  const report = await bench(Number(values.rounds));
  if (values.json) console.log(JSON.stringify(report));
  else printTable(report);
}
