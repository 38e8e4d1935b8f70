import type { Delivery } from '../api/api.js';
import { StateBadge, type Tone } from '../components/state-badge.js';
import type { DeliveryStatus } from './queries.js';

const BADGES: Record<DeliveryStatus, [label: string, tone: Tone]> = {
  pending: ['Pending', 'busy'],
  succeeded: ['Succeeded', 'good'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'neutral'],
  skipped: ['Skipped', 'neutral'],
};

/** The statuses of a delivery, as options of a select. */
export const STATUS_OPTIONS = Object.entries(BADGES).map(([value, [label]]) => ({ value, label }));

/** The status of a delivery. */
export function DeliveryStatusBadge({ delivery }: { delivery: Pick<Delivery, 'status' | 'waiting_for'> }) {
  const [label, tone] = BADGES[delivery.status];
  return <StateBadge tone={tone}>{delivery.waiting_for === null ? label : 'Pending: waits for a slot'}</StateBadge>;
}
