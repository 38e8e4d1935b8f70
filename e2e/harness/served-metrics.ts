/** One series of a metric. */
interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** What a process serves at /metrics, by the name of each metric: a histogram's samples are its counts. */
export type ServedMetrics = Map<string, Sample[]>;

const SAMPLE = /^(\w+?)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus's text format. */
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

/** The sum of a metric's series that have these labels. */
export function total(served: ServedMetrics, name: string, wanted: Record<string, string> = {}): number {
  const samples = served.get(name);
  if (!samples) throw new Error(`${name} is not served.`);
  return samples
    .filter(({ labels }) => Object.entries(wanted).every(([label, value]) => labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
