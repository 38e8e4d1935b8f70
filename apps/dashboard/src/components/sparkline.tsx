import { formatQuantity } from '../format/numbers.js';

interface Interval {
  at: string;
  succeeded: number;
  failed: number;
}

const WIDTH = 100;
const HEIGHT = 30;
const GAP = 0.8;

/** A bar for each interval with its succeeded and failed deliveries, oldest first. */
export function Sparkline({ series }: { series: readonly Interval[] }) {
  const highest = Math.max(1, ...series.map(({ succeeded, failed }) => succeeded + failed));
  const step = WIDTH / Math.max(1, series.length);
  const sum = (pick: (interval: Interval) => number): number => series.reduce((total, interval) => total + pick(interval), 0);
  const label = `${formatQuantity(
    sum(({ succeeded }) => succeeded),
    'delivery',
    'deliveries',
  )} succeeded, ${String(sum(({ failed }) => failed))} failed`;
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {series.map(({ at, succeeded, failed }, index) => {
        const good = (succeeded / highest) * (HEIGHT - 2);
        const bad = (failed / highest) * (HEIGHT - 2);
        const bar = { x: index * step, width: step - GAP };
        if (good + bad === 0) return <rect key={at} className="empty" {...bar} y={HEIGHT - 1} height={1} />;
        return (
          <g key={at}>
            <rect className="good" {...bar} y={HEIGHT - good} height={good} />
            <rect className="bad" {...bar} y={HEIGHT - good - bad} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}
