// npm run chaos [-- --all] [--scenario NAME] [--seed N] [--seconds S] [--sabotage NAME] [--ledgers FOLDER] [--json] [--verbose]
import { parseArgs } from 'node:util';
import { isSabotage, SABOTAGES } from './preload/sabotage.js';
import { createRehearsal, type Outcome } from './rehearsal.js';
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
  giveUp(`There is no scenario "${unknown.join('", "')}". There are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
const { sabotage } = values;
if (sabotage !== undefined && !isSabotage(sabotage))
  giveUp(`There is no sabotage "${sabotage}". There are: ${Object.keys(SABOTAGES).join(', ')}.`);
const seed = readNumber('seed') ?? Math.floor(Math.random() * 1_000_000);

const selection = SCENARIOS.filter(({ name, isSelected }) =>
  values.scenario.length > 0 ? values.scenario.includes(name) : values.all || isSelected === true,
);
const show = values.json
  ? undefined
  : (line: string): void => {
      console.log(line);
    };
const rehearsal = createRehearsal({
  seed,
  isShort: !values.all,
  seconds: readNumber('seconds'),
  sabotage,
  ledgers: values.ledgers,
  show: values.verbose ? show : undefined,
});

// npm passes on what the terminal has sent already; who asks again after that doesn't want to wait.
const SAME_MS = 1000;
let askedAtMs: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (askedAtMs !== undefined) {
      if (performance.now() - askedAtMs > SAME_MS) process.exit(130);
      return;
    }
    askedAtMs = performance.now();
    console.error('\nStopping …');
    void rehearsal.end().finally(() => process.exit(130));
  });
}

const startedAt = performance.now();
show?.(`Seed ${String(seed)}, ${String(selection.length)} scenarios${sabotage === undefined ? '' : `, sabotaged: ${sabotage}`}`);
const outcomes: Outcome[] = [];
for (const scenario of selection) {
  show?.(`${scenario.name}: ${scenario.describe} …`);
  const outcome = await rehearsal.play(scenario);
  outcomes.push(outcome);
  show?.(`  ${wordFor(outcome)} after ${String(outcome.seconds)} s`);
}
await rehearsal.end();
const seconds = Math.round((performance.now() - startedAt) / 1000);
if (values.json) console.log(JSON.stringify({ seed, seconds, outcomes }));
else console.log(`\n${report(outcomes)}\nSeed ${String(seed)}, ${String(seconds)} s, Node ${process.version}`);
process.exit(outcomes.some(isViolation) ? 1 : 0);

function readNumber(name: 'seed' | 'seconds'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) giveUp(`--${name} is a number, not "${text}".`);
  return Number(text);
}

function giveUp(message: string): never {
  console.error(message);
  process.exit(2);
}
