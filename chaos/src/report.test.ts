import { expect, test } from '@jest/globals';
import { judge } from './judge.js';
import { createLedger } from './ledger.js';
import type { ScenarioOutcome } from './runner.js';
import { isViolation, report } from './report.js';

const nothing = () => judge({ ledger: createLedger(), deliveries: [], maxAttempts: 3, leaseMs: 4000 });

test.each<[string, Partial<ScenarioOutcome>, string, boolean]>([
  ['kept', { verdict: nothing() }, 'kept', false],
  ['violated', { verdict: { ...nothing(), violations: ['1 lost: e1 → wh_a'] } }, 'VIOLATED', true],
  ['skipped', { skipped: 'needs root' }, 'skipped', false],
  ['failed', { error: 'PostgreSQL did not start' }, 'VIOLATED', true],
])('reports a scenario as %s, with its reason', (_name, rest, word, violation) => {
  const outcome: ScenarioOutcome = { scenario: 'redis-killed', seconds: 12, ...rest };
  const text = report([outcome]);
  expect(text.split('\n')[2]).toMatch(new RegExp(`^\\| redis-killed \\| ${word} `));
  expect(isViolation(outcome)).toBe(violation);
  const reason = rest.skipped ?? rest.error ?? rest.verdict?.violations[0];
  if (reason !== undefined) expect(text).toContain(reason);
});
