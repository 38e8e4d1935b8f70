import { useEffect, useState } from 'react';
import { formatExact, formatRelative } from '../format/time.js';

const TICK_MS = 10_000;

/** A time relative to now (`3 minutes ago`), with the exact time as its tooltip. */
export function RelativeTime({ at }: { at: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return (
    <time dateTime={at} title={formatExact(at)}>
      {formatRelative(Date.parse(at), now)}
    </time>
  );
}
