import { RelativeTime } from '../components/relative-time.js';
import { useNow } from '../components/use-now.js';

/** When a pending delivery is attempted next. A time that has passed is no plan any more: the delivery is due, and waits for a slot or a worker. */
export function NextAttempt({ at }: { at: string }) {
  const now = useNow();
  return Date.parse(at) <= now ? 'Due' : <RelativeTime at={at} />;
}
