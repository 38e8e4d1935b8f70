import { counted } from './numbers.js';

interface Part {
  at: string;
  succeeded: number;
  failed: number;
}

const WIDTH = 100;
const HEIGHT = 30;
const GAP = 0.8;

/** What arrived and what failed, from the oldest to now, each part a bar. */
export function Sparkline({ series }: { series: readonly Part[] }) {
  const highest = Math.max(1, ...series.map(({ succeeded, failed }) => succeeded + failed));
  const step = WIDTH / Math.max(1, series.length);
  const sum = (pick: (part: Part) => number): number => series.reduce((total, part) => total + pick(part), 0);
  const label = `${counted(
    sum(({ succeeded }) => succeeded),
    'delivery',
    'deliveries',
  )} arrived, ${String(sum(({ failed }) => failed))} failed`;
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {series.map(({ at, succeeded, failed }, index) => {
        const good = (succeeded / highest) * (HEIGHT - 2);
        const bad = (failed / highest) * (HEIGHT - 2);
        const bar = { x: index * step, width: step - GAP };
        if (good + bad === 0) return <rect key={at} className="none" {...bar} y={HEIGHT - 1} height={1} />;
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
