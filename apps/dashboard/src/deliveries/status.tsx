import type { Delivery } from '../api/api.js';
import { State, type Tone } from '../shown/tone.js';
import type { Status } from './queries.js';

const SHOWN: Record<Status, [label: string, tone: Tone]> = {
  pending: ['Under way', 'busy'],
  succeeded: ['Arrived', 'good'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'quiet'],
  skipped: ['Skipped', 'quiet'],
};

/** The states of a delivery, to choose from. */
export const STATUSES = Object.entries(SHOWN).map(([value, [label]]) => ({ value, label }));

/** What became of a delivery so far. */
export function DeliveryState({ delivery }: { delivery: Pick<Delivery, 'status' | 'waiting_for'> }) {
  const [label, tone] = SHOWN[delivery.status];
  return <State tone={tone}>{delivery.waiting_for === null ? label : 'Waits for a slot'}</State>;
}
