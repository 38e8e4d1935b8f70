import { formatCount, formatQuantity } from '../format/numbers.js';

const MAX_COUNTED = 10_000;

/** What disabling a webhook does, and the label of the button that does it. */
interface DisableQuestion {
  effect: string;
  label: string;
}

/**
 * Words the question before a webhook is disabled.
 *
 * @param pending the number of pending deliveries, at most 10,000; undefined while it is unknown
 */
export function disableQuestion(pending: number | undefined): DisableQuestion {
  if (pending === undefined)
    return {
      effect: 'All pending deliveries will be cancelled, and new events are not delivered.',
      label: 'Disable and cancel all pending deliveries',
    };
  if (pending === 0) return { effect: 'New events are not delivered while the webhook is disabled.', label: 'Disable' };
  const count =
    pending >= MAX_COUNTED ? `${formatCount(MAX_COUNTED)} or more deliveries` : formatQuantity(pending, 'delivery', 'deliveries');
  return {
    effect: `${count} that are waiting will be cancelled, and new events are not delivered.`,
    label: `Disable and cancel ${count}`,
  };
}
