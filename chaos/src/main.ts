// npm run chaos [-- --all] [--scenario NAME] [--seed N] [--seconds S] [--sabotage NAME] [--ledgers FOLDER] [--json] [--verbose]
import { parseArgs } from 'node:util';
import { isSabotage, SABOTAGES } from './preload/sabotage.js';
import { createRunner, type ScenarioOutcome } from './runner.js';
import { isViolation, report, wordFor } from './report.js';
import { SCENARIOS } from './scenarios.js';

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string' },
    seconds: { type: 'string' },
    sabotage: { type: 'string' },
    ledgers: { type: 'string' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const unknown = values.scenario.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0)
  exitWithError(`Unknown scenario "${unknown.join('", "')}". Known scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
const { sabotage } = values;
if (sabotage !== undefined && !isSabotage(sabotage))
  exitWithError(`Unknown sabotage "${sabotage}". Known sabotages: ${Object.keys(SABOTAGES).join(', ')}.`);
const seed = readNumber('seed') ?? Math.floor(Math.random() * 1_000_000);

const selection = SCENARIOS.filter(({ name, isSelected }) =>
  values.scenario.length > 0 ? values.scenario.includes(name) : values.all || isSelected === true,
);
const show = values.json
  ? undefined
  : (line: string): void => {
      console.log(line);
    };
const runner = createRunner({
  seed,
  isShort: !values.all,
  seconds: readNumber('seconds'),
  sabotage,
  ledgers: values.ledgers,
  show: values.verbose ? show : undefined,
});

// npm repeats the signal that the terminal has sent already. A later signal exits immediately.
const REPEATED_SIGNAL_MS = 1000;
let signalledAtMs: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signalledAtMs !== undefined) {
      if (performance.now() - signalledAtMs > REPEATED_SIGNAL_MS) process.exit(130);
      return;
    }
    signalledAtMs = performance.now();
    console.error('\nStopping …');
    void runner.stop().finally(() => process.exit(130));
  });
}

const startedAt = performance.now();
show?.(`Seed ${String(seed)}, ${String(selection.length)} scenarios${sabotage === undefined ? '' : `, sabotaged: ${sabotage}`}`);
const outcomes: ScenarioOutcome[] = [];
for (const scenario of selection) {
  show?.(`${scenario.name}: ${scenario.description} …`);
  const outcome = await runner.run(scenario);
  outcomes.push(outcome);
  show?.(`  ${wordFor(outcome)} after ${String(outcome.seconds)} s`);
}
await runner.stop();
const seconds = Math.round((performance.now() - startedAt) / 1000);
if (values.json) console.log(JSON.stringify({ seed, seconds, outcomes }));
else console.log(`\n${report(outcomes)}\nSeed ${String(seed)}, ${String(seconds)} s, Node ${process.version}`);
process.exit(outcomes.some(isViolation) ? 1 : 0);

function readNumber(name: 'seed' | 'seconds'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) exitWithError(`--${name} must be a number, not "${text}".`);
  return Number(text);
}

function exitWithError(message: string): never {
  console.error(message);
  process.exit(2);
}
