import { formatDuration } from '../format/numbers.js';
import { formatExact } from '../format/time.js';
import { useNow } from './use-now.js';

/** The duration since a time (`24 h`), with the exact time as its tooltip. */
export function ElapsedTime({ since }: { since: string }) {
  const now = useNow();
  return (
    <time dateTime={since} title={formatExact(since)}>
      {/* The clock of the browser may be behind that of the server. */}
      {formatDuration(Math.max(0, now - Date.parse(since)))}
    </time>
  );
}
