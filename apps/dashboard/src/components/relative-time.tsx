import { formatExact, formatRelative } from '../format/time.js';
import { useNow } from './use-now.js';

/** A time relative to now (`3 minutes ago`), with the exact time as its tooltip. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatExact(at)}>
      {formatRelative(Date.parse(at), now)}
    </time>
  );
}
