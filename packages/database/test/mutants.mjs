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
    rule: 'a throttled webhook has one slot',
    file: 'functions/slots_of.sql',
    changes: [['webhook.throttled_until IS NOT NULL OR ', '']],
  },
  {
    rule: 'nothing is sent before a hold ends',
    file: 'functions/waits_for_probe.sql',
    changes: [['webhook.throttled_until > at AND', 'webhook.throttled_until < at AND']],
  },
  {
    rule: 'a hold of a clock that was ahead does not count',
    file: 'functions/waits_for_probe.sql',
    changes: [["webhook.throttled_until <= at + interval '61 min'", "webhook.throttled_until <= at + interval '1 year'"]],
  },
  {
    rule: 'the answers to requests that were under way are one slow-down',
    file: 'functions/slow_down.sql',
    changes: [['coalesce(throttled_since = webhook.slow_downs, false)', 'throttled_since IS NOT NULL']],
  },
  {
    rule: 'a late answer shortens no hold',
    file: 'functions/slow_down.sql',
    changes: [["CASE WHEN webhook.throttled_until <= at + interval '61 min' THEN webhook.throttled_until END", 'NULL']],
  },
  {
    rule: 'the learned rate paces the requests',
    file: 'functions/rate_of.sql',
    changes: [['least(webhook.rate_limit::float8, learned_rate_at(webhook, at))', 'webhook.rate_limit::float8']],
  },
  {
    rule: 'a delivery that was throttled keeps its place',
    file: 'src/sql/record-attempts.ts',
    changes: [["CASE WHEN parks OR ordering = 'fifo' THEN", "CASE WHEN ordering = 'fifo' THEN"]],
  },
  {
    rule: 'a retry has a lower priority than a first attempt',
    file: 'src/sql/record-attempts.ts',
    changes: [['ELSE greatest(held.priority, 1) END', 'ELSE 0 END']],
  },
  {
    rule: 'the retry policy counts only attempts that are counted',
    file: 'src/sql/record-attempts.ts',
    changes: [['WHEN counted THEN held.prior_attempts ELSE held.prior_attempts + 1 END', 'ELSE held.prior_attempts END']],
  },
  {
    rule: 'a delivery is resent once',
    file: 'src/sql/record-attempts.ts',
    changes: [['resent = resent OR NOT counted AND status_code IS NULL', 'resent = false']],
  },
  {
    rule: 'an attempt that is not counted and has no response does not change the health',
    file: 'src/sql/record-attempts.ts',
    changes: [['WHERE counted OR status_code IS NOT NULL GROUP BY', 'GROUP BY']],
  },
  {
    rule: 'a claim takes first attempts before retries',
    file: 'src/sql/claim-deliveries.ts',
    changes: [
      [
        'PARTITION BY webhook_id, wanted ORDER BY priority, event_position',
        'PARTITION BY webhook_id, wanted ORDER BY priority DESC, event_position',
      ],
    ],
  },
  {
    rule: 'a line has first attempts before retries',
    file: 'functions/next_in_line.sql',
    changes: [['ELSE greatest(0, priority - floor', 'ELSE greatest(0, 2 - priority - floor']],
  },
  {
    rule: 'waiting makes up for a lower priority',
    file: 'functions/next_in_line.sql',
    changes: [[' / 30)) END', ' / 3000000)) END']],
  },
  {
    rule: 'a line does not start behind a delivery that is leased',
    file: 'src/sql/advance-line-starts.ts',
    changes: [["stage = 'admitted' AND priority = 0", "stage = 'admitted' AND priority = 0 AND lease_token IS NULL"]],
  },
  {
    rule: 'a line does not start behind a delivery that waits for its next attempt',
    file: 'src/sql/advance-line-starts.ts',
    changes: [["stage = 'backoff' AND priority = 0", "stage = 'backoff' AND priority = 9"]],
  },
  {
    rule: 'a line does not start behind an event that is to be expanded',
    file: 'src/sql/advance-line-starts.ts',
    changes: [['(SELECT min(event_position) FROM expansions), ', '']],
  },
  {
    rule: 'a claim leaves a live lease alone',
    file: 'src/sql/claim-deliveries.ts',
    changes: [
      [
        `WHERE NOT ended AND (lease_token IS NULL OR leased_until <= now())
        FOR UPDATE OF`,
        `WHERE NOT ended
        FOR UPDATE OF`,
      ],
    ],
  },
  {
    rule: 'leases count, whatever happened to the delivery',
    file: 'functions/lock_webhooks.sql',
    changes: [['WHERE lease_token IS NOT NULL AND leased_until', 'WHERE NOT ended AND lease_token IS NOT NULL AND leased_until']],
  },
  {
    rule: 'a delivery that is ended with its request under way keeps its lease',
    file: 'src/sql/end-superseded.ts',
    changes: [['lease_token IS NOT NULL AND leased_until > clock_timestamp() AS is_under_way', 'false AS is_under_way']],
  },
  {
    rule: 'a claim takes nothing of an earlier generation',
    file: 'src/sql/claim-deliveries.ts',
    changes: [['OR NOT (webhook).enabled OR generation <> (webhook).generation THEN', 'OR NOT (webhook).enabled THEN']],
  },
  {
    rule: 'a change of enabled begins a generation',
    file: 'functions/start_generation.sql',
    changes: [['OLD.generation + 1', 'OLD.generation']],
  },
  {
    rule: 'a claim takes nothing while deliveries are paused',
    file: 'src/sql/claim-deliveries.ts',
    changes: [['WHEN is_paused OR waits_for_probe', 'WHEN waits_for_probe']],
  },
  {
    rule: "an owner's pause is a pause",
    file: 'functions/is_paused.sql',
    changes: [[' OR webhook.owner_paused_at IS NOT NULL', '']],
  },
  {
    rule: 'a webhook gets nothing until its URL is verified',
    file: 'functions/is_paused.sql',
    changes: [['\n  OR webhook.unverified_since IS NOT NULL', '']],
  },
  {
    rule: 'a delivery that was cancelled is succeeded if its request under way did',
    file: 'src/sql/record-attempts.ts',
    changes: [["status = CASE WHEN ended AND outcome <> 'succeeded' THEN", 'status = CASE WHEN ended THEN']],
  },
  {
    rule: 'a delivery that its owner cancels keeps its lease',
    file: 'src/sql/cancel-delivery.ts',
    changes: [['(pending).leased_until > clock_timestamp(), false) AS is_under_way', 'false, false) AS is_under_way']],
  },
  {
    rule: 'an event that is being expanded is not missing',
    file: 'src/sql/replay-missing.ts',
    changes: [['AND NOT EXISTS (SELECT FROM expansions WHERE expansions.event_position = wanted.position)', '']],
  },
  {
    rule: 'a claim answers a delivery of a locked webhook as locked',
    file: 'src/sql/claim-deliveries.ts',
    changes: [
      ["WHERE webhooks.id = candidate.webhook_id) THEN 'locked'", "WHERE webhooks.id = candidate.webhook_id) THEN 'parked'"],
    ],
  },
  {
    rule: "a locked delivery's answer counts when it is recorded",
    file: 'src/sql/record-attempts.ts',
    changes: [
      [
        'FROM recordable JOIN webhooks ON webhooks.id = webhook_id AND webhooks.url = recordable.url',
        'FROM leased JOIN webhooks ON webhooks.id = webhook_id AND webhooks.url = leased.url',
      ],
    ],
  },
  {
    rule: 'a fifo delivery that waits for its next attempt holds its line',
    file: 'functions/first_in_line.sql',
    changes: [
      ["stage = 'backoff' AND priority = 0", "stage = 'backoff' AND priority = 7"],
      ["stage = 'backoff' AND priority = 1", "stage = 'backoff' AND priority = 7"],
    ],
  },
  {
    rule: 'an event that is to be expanded holds the fifo lines',
    file: 'functions/first_in_line.sql',
    changes: [
      [
        `    (SELECT min(event_position) FROM expansions WHERE NOT fifo_done),
`,
        '',
      ],
    ],
  },
  {
    rule: 'a webhook that becomes fifo reopens the fifo phases',
    file: 'functions/follow_webhook.sql',
    changes: [["fifo_done = fifo_done AND NEW.ordering <> 'fifo'", 'fifo_done = fifo_done']],
  },
  {
    rule: 'a retry that was requested with a request under way is made',
    file: 'src/sql/record-attempts.ts',
    changes: [["NOT ended AND (again OR outcome = 'pending') AS goes_on", "NOT ended AND outcome = 'pending' AS goes_on"]],
  },
  {
    rule: 'a retry leaves a live lease alone',
    file: 'src/sql/retry-delivery.ts',
    changes: [['lease_token = CASE WHEN is_under_way THEN pending_deliveries.lease_token END', 'lease_token = NULL']],
  },
  {
    rule: 'webhooks take turns in admission',
    file: 'src/sql/admit-next.ts',
    changes: [['next_line($1)', 'next_line(left($1, 0))']],
  },
  {
    rule: 'an expansion writes each delivery once',
    file: 'src/sql/expand-events.ts',
    changes: [['deliveries.event_position = expansion.event_position', 'deliveries.event_position = -expansion.event_position']],
  },
  {
    rule: 'an event is for webhooks that were enabled before it',
    file: 'src/sql/expand-events.ts',
    changes: [[' AND event_position > from_position', '']],
  },
  {
    rule: 'a wake leaves a live lease alone',
    file: 'src/sql/wake-deliveries.ts',
    changes: [
      [
        `          AND (lease_token IS NULL OR leased_until <= now())
`,
        '',
      ],
    ],
  },
  {
    rule: 'a wake brings forward times of a clock that was ahead',
    file: 'src/sql/wake-deliveries.ts',
    changes: [['WHERE $2::float8 IS NULL AND', 'WHERE $2::float8 IS NOT NULL AND']],
  },
  {
    rule: "a rate limit's time of a clock that was ahead counts as now",
    file: 'src/sql/claim-deliveries.ts',
    changes: [['THEN locked_at ELSE (webhook).rate_next_at END', 'THEN (webhook).rate_next_at ELSE (webhook).rate_next_at END']],
  },
  {
    rule: 'events are numbered after the lock of the log',
    file: 'src/sql/accept-events.ts',
    changes: [
      ['SELECT * FROM unnest($1::text[]', "SELECT *, nextval('events_position_seq') AS position FROM unnest($1::text[]"],
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
const TESTS =
  'packages/database/src/sql/(accept|admit|advance|cancel|claim|conformance|end|expand|hasten|pause|record|replay|retry|slot|throttled|wake)';
const CONFORMANCE = /conformance\.test\.ts$/;

const [wanted = ''] = process.argv.slice(2);
for (const { file, changes } of MUTANTS) mutate(readFileSync(join(PACKAGE, file), 'utf8'), file, changes);
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

/** Returns a source with the changes of a mutant; throws unless it contains each changed text exactly once. */
function mutate(source, file, changes) {
  return changes.reduce((changed, [from, to]) => {
    if (changed.split(from).length !== 2) throw new Error(`${file} does not contain exactly once: ${from}`);
    return changed.replace(from, () => to);
  }, source);
}

/** Runs the tests with a mutant in place, and returns those that fail. */
async function runMutated(url, { file, changes }) {
  const path = join(PACKAGE, file);
  const original = readFileSync(path, 'utf8');
  const mutated = mutate(original, file, changes);
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
