import { useEffect, useState } from 'react';
import { exact, relative } from './clock.js';

const TICK_MS = 10_000;

/** How long ago something was; exactly when, for those who point at it. */
export function Time({ at }: { at: string }) {
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
    <time dateTime={at} title={exact(at)}>
      {relative(Date.parse(at), now)}
    </time>
  );
}
