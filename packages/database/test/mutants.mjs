// npm run mutants [-- part of a rule's name]
// Breaks the rules of the delivery statements one at a time, and checks that for each an example test and the conformance
// test fail. A mutant is a change of one text in a source file or a function file, which is undone afterwards.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { withMigratedDatabase } from '../migrated-database.mjs';

const MUTANTS = [
  {
    rule: 'an open circuit has one slot',
    file: 'functions/slots_of.sql',
    changes: [['webhook.circuit_opened_at IS NOT NULL OR ', '']],
  },
  {
    rule: 'a retry has a lower priority than a first attempt',
    file: 'src/sql/record-attempts.ts',
    changes: [['ELSE greatest(priority, 1) END', 'ELSE -1 END']],
  },
  {
    rule: 'a claim takes first attempts before retries',
    file: 'src/sql/claim-deliveries.ts',
    changes: [
      [
        'PARTITION BY webhook_id, wanted_action ORDER BY priority, event_position',
        'PARTITION BY webhook_id, wanted_action ORDER BY priority DESC, event_position',
      ],
    ],
  },
  {
    rule: 'a release takes first attempts before retries',
    file: 'src/sql/release-deliveries.ts',
    changes: [
      ['ORDER BY priority, event_position LIMIT webhook.free', 'ORDER BY priority DESC, event_position LIMIT webhook.free'],
    ],
  },
  {
    rule: 'a wake leaves a live lease alone',
    file: 'src/sql/wake-deliveries.ts',
    changes: [['WHERE wake_at <= now()', 'WHERE (wake_at <= now() OR lease_token IS NOT NULL)']],
  },
  {
    rule: 'events are numbered after the lock of the log',
    file: 'src/sql/accept-events.ts',
    changes: [
      ['SELECT * FROM unnest(', "SELECT *, nextval('events_position_seq') AS position FROM unnest("],
      ["SELECT id, nextval('events_position_seq'), type", 'SELECT id, position, type'],
    ],
  },
  {
    rule: 'a response closes the circuit',
    file: 'src/sql/record-attempts.ts',
    changes: [
      [
        'circuit_opened_at = CASE WHEN answered THEN NULL',
        'circuit_opened_at = CASE WHEN answered AND circuit_opened_at IS NULL THEN NULL',
      ],
    ],
  },
];

const PACKAGE = join(import.meta.dirname, '..');
const ROOT = join(PACKAGE, '../..');
const TESTS = 'packages/database/src/sql/(accept|claim|conformance|record|release|slot|wake)';
const CONFORMANCE = /conformance\.test\.ts$/;

const [wanted = ''] = process.argv.slice(2);
await withMigratedDatabase(async (url) => {
  const survivors = [];
  for (const mutant of MUTANTS.filter(({ rule }) => rule.includes(wanted))) {
    const failed = await runMutated(url, mutant);
    const byConformance = failed.filter(({ file }) => CONFORMANCE.test(file));
    const byExamples = failed.filter(({ file }) => !CONFORMANCE.test(file));
    console.log(`\nBroken: ${mutant.rule} (${mutant.file})`);
    for (const { file, name } of [...byExamples, ...byConformance])
      console.log(`  ${file.slice(file.lastIndexOf('/') + 1)}: ${name}`);
    if (byConformance.length === 0) survivors.push(`${mutant.rule}: the conformance test passes`);
    if (byExamples.length === 0) survivors.push(`${mutant.rule}: every example test passes`);
  }
  if (survivors.length > 0) throw new Error(`\n${survivors.join('\n')}`);
});

/** Runs the tests with a mutant in place, and returns those that fail. */
async function runMutated(url, { file, changes }) {
  const path = join(PACKAGE, file);
  const original = readFileSync(path, 'utf8');
  let mutated = original;
  for (const [from, to] of changes) {
    if (mutated.split(from).length !== 2) throw new Error(`${file} does not contain exactly once: ${from}`);
    mutated = mutated.replace(from, () => to);
  }
  const restore = () => {
    writeFileSync(path, original);
  };
  const stop = () => {
    restore();
    process.exit(130);
  };
  const isFunction = file.endsWith('.sql');
  process.once('SIGINT', stop).once('SIGTERM', stop);
  writeFileSync(path, mutated);
  try {
    if (isFunction) await execute(url, mutated);
    return await runTests(url);
  } finally {
    restore();
    process.off('SIGINT', stop).off('SIGTERM', stop);
    if (isFunction) await execute(url, original);
  }
}

/** Runs the tests of the delivery statements; of the conformance test only the openings, which leave nothing to chance. */
async function runTests(url) {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const options = ['--json', '--silent', '--testNamePattern=^(?!.*in any sequence)', TESTS];
  const child = spawn(process.execPath, [...jest, ...options], {
    cwd: ROOT,
    env: { ...process.env, TEST_DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { testResults } = JSON.parse(await text(child.stdout));
  return testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => ({ file, name: fullName })),
  );
}

async function execute(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
