// Only in CI: it needs promtool, and alerts change rarely.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { documentedMetrics } from './harness/documented-metrics.js';
import { describeWith, findProgram } from './harness/programs.js';
import { readPromql } from './harness/promql.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}
interface Panel {
  title: string;
  type: string;
  id: number;
  targets?: { expr: string }[];
}
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('deploy/grafana/dashboards/tidings.json')) as { panels: Panel[] };
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

/** The labels that Prometheus adds to each series. */
const SCRAPE_LABELS = ['job', 'instance'];
/** Metrics of Prometheus and of exporters, which docs/monitoring.md names as well, with their labels. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  up: SCRAPE_LABELS,
  redis_memory_used_bytes: [],
  redis_memory_max_bytes: [],
  redis_total_system_memory_bytes: [],
  node_filesystem_avail_bytes: ['mountpoint'],
  node_filesystem_size_bytes: ['mountpoint'],
};
const { ours, nodes } = documentedMetrics();
const known = new Map<string, readonly string[]>([
  ...Object.entries(OTHERS),
  ...ours.map(({ name, labels }) => [name, labels] as const),
  ...nodes.map((name) => [name, []] as const),
]);
/** The metrics and labels of an expression that are not documented. metrics.test.ts compares the documents with the processes. */
function unknownIn(expression: string): string[] {
  const { selectors, grouped } = readPromql(expression);
  const labels = new Set(SCRAPE_LABELS);
  const unknown = selectors.flatMap(({ metric, labels: used }) => {
    const name = metric.replace(/_(bucket|sum|count)$/, '');
    const has = known.get(metric) ?? known.get(name);
    if (has === undefined) return [metric];
    const all = [...has, ...(metric.endsWith('_bucket') ? ['le'] : [])];
    for (const label of all) labels.add(label);
    return used.filter((label) => !all.includes(label)).map((label) => `${metric}{${label}}`);
  });
  return [...unknown, ...grouped.filter((label) => !labels.has(label))];
}

test('finds unknown metrics and labels', () => {
  expect(unknownIn('sum(rate(tidings_attempts_total[5m]))')).toEqual([]);
  expect(unknownIn('sum by (user) (tidings_nothing{x="1"}) / tidings_attempts_total{webhook="1"}')).toEqual([
    'tidings_nothing',
    'tidings_attempts_total{webhook}',
    'user',
  ]);
  expect(() => unknownIn('sum(')).toThrow('not PromQL');
});

test('docs/monitoring.md names the metrics of exporters that alerts use', () => {
  const page = read('docs/monitoring.md');
  expect(Object.keys(OTHERS).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

describe('each alert', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s uses documented metrics, and has a severity, a summary and a description',
    (_, rule) => {
      expect(unknownIn(rule.expr)).toEqual([]);
      expect(rule.labels.severity).toMatch(/^(critical|warning)$/);
      expect(rule.annotations.summary).not.toBe('');
      expect(rule.annotations.description).not.toBe('');
    },
  );

  test('has its section in the runbook, and no section is without its alert', () => {
    const sections = [...read('docs/runbook.md').matchAll(/^### (Tidings\w+)$/gm)].map(([, name = '']) => name);
    expect(sections.sort()).toEqual(rules.map(({ alert }) => alert).sort());
    for (const { alert, annotations } of rules) expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
  });
});

describe('the dashboard', () => {
  test.each(queries)('%s queries documented metrics: %s', (_, expression) => {
    expect(unknownIn(expression)).toEqual([]);
  });

  test('shows every metric of Tidings', () => {
    const queried = queries.flatMap(([, expression]) => readPromql(expression).selectors.map(({ metric }) => metric));
    const missing = ours.filter(
      ({ name }) => !queried.some((metric) => metric.replace(/_(bucket|sum|count)$/, '') === name || metric === name),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test('has all rows, and a unique id for each panel', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Overview',
      'Deliveries',
      'Queue',
      'Stream',
      'API',
      'Processes',
    ]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

const PROMTOOL = findProgram('promtool');
describeWith({ promtool: PROMTOOL }, 'checked by promtool', () => {
  const promtool = (...args: string[]) =>
    execFileSync(PROMTOOL ?? '', args, {
      cwd: fileURLToPath(new URL('../deploy/prometheus', import.meta.url)),
      encoding: 'utf8',
    });

  test('the rules and the scrape configuration are valid', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toContain(`${String(rules.length)} rules found`);
    for (const file of ['prometheus.yml', 'bare-server.yml'])
      expect(promtool('check', 'config', '--syntax-only', file)).toContain('SUCCESS');
  });

  test('the alerts fire as their tests expect', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });
});
