import { parser } from '@prometheus-io/lezer-promql';

/** The metrics and labels of a PromQL expression. */
export interface PromqlQuery {
  selectors: { metric: string; labels: string[] }[];
  /** The labels of its `by`, `without`, `on` and `ignoring` clauses. */
  grouped: string[];
}

/** Grafana's variables, and example values. */
const VARIABLES: [RegExp, string][] = [[/\$__rate_interval/g, '5m']];

/** Parses an expression with the grammar of Prometheus's editor. Throws when it is not valid PromQL. */
export function readPromql(expression: string): PromqlQuery {
  const text = VARIABLES.reduce((replaced, [variable, value]) => replaced.replace(variable, value), expression);
  const query: PromqlQuery = { selectors: [], grouped: [] };
  parser.parse(text).iterate({
    enter(node) {
      const content = text.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`"${expression}" is not PromQL at "${text.slice(node.from, node.from + 20)}".`);
      if (node.name === 'VectorSelector') query.selectors.push({ metric: '', labels: [] });
      const selector = query.selectors.at(-1);
      if (node.name === 'Identifier' && selector?.metric === '') selector.metric = content;
      if (node.name === 'LabelName') {
        if (node.node.parent?.name === 'GroupingLabels') query.grouped.push(content);
        else selector?.labels.push(content);
      }
    },
  });
  return query;
}
