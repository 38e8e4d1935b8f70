/** One series of a metric. */
interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** The samples of /metrics by the metric's name. Of a histogram or a summary, only the counts. */
export type ServedMetrics = Map<string, Sample[]>;

const SAMPLE = /^(\w+?)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Fetches metrics in Prometheus's text format. */
export async function readMetrics(url: string): Promise<ServedMetrics> {
  const text = await (await fetch(url)).text();
  const served: ServedMetrics = new Map();
  let histogram: string | undefined;
  for (const line of text.split('\n')) {
    const [, type, name = '', kind] = /^# (TYPE) (\w+) (\w+)$/.exec(line) ?? [];
    if (type) {
      served.set(name, []);
      histogram = kind === 'histogram' || kind === 'summary' ? name : undefined;
    }
    const [, sampled = '', labels = '', value] = SAMPLE.exec(line) ?? [];
    if (histogram !== undefined && sampled !== `${histogram}_count`) continue;
    served.get(histogram ?? sampled)?.push({
      labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label = '', content = '']) => [label, content])),
      value: Number(value),
    });
  }
  return served;
}

/** The sum of the metric's series with these labels. Throws when the metric is not served. */
export function total(served: ServedMetrics, name: string, wanted: Record<string, string> = {}): number {
  const samples = served.get(name);
  if (!samples) throw new Error(`${name} is not served.`);
  return samples
    .filter(({ labels }) => Object.entries(wanted).every(([label, value]) => labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
