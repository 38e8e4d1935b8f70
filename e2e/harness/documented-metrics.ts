import { readFileSync } from 'node:fs';

/** The description of a metric in docs/monitoring.md. */
export interface DocumentedMetric {
  name: string;
  labels: string[];
  /** The processes that serve it. */
  of: ('api' | 'worker')[];
}

const PAGE = new URL('../../docs/monitoring.md', import.meta.url);
/** A row of a table: the name, the labels, the processes. */
const ROW = /^\| `(tidings_\w+)` +\|([^|]*)\|([^|]*)\|/gm;
/** Metrics of Node, in the text below the tables. */
const NODES = /`((?:process|nodejs)_\w+)`/g;

const quoted = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);

/** The metrics in docs/monitoring.md, and those of Node's own that it names. */
export function documentedMetrics(): { ours: DocumentedMetric[]; nodes: string[] } {
  const text = readFileSync(PAGE, 'utf8');
  const [section = ''] = text.slice(text.indexOf('\n## Metrics\n') + 1).split(/\n## (?!Metrics)/);
  return {
    ours: [...section.matchAll(ROW)].map(([, name = '', labels = '', of = '']) => ({
      name,
      labels: quoted(labels).sort(),
      of: of
        .trim()
        .split(', ')
        .map((process) => (process === 'API' ? 'api' : 'worker')),
    })),
    nodes: [...section.matchAll(NODES)].map(([, name = '']) => name),
  };
}
