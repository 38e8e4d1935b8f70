import type { Webhook } from '../api/api.js';
import type { Tone } from '../shown/tone.js';

/** How a webhook is, in a word or two, and what follows from it. */
export interface Condition {
  label: string;
  tone: Tone;
  /** What it means, and what to do; undefined where all is well. */
  advice?: string;
}

const DISABLED: Record<NonNullable<Webhook['disabled_reason']>, Condition> = {
  failing: {
    label: 'Disabled: it kept failing',
    tone: 'bad',
    advice: 'Every attempt failed for days, so Tidings stopped. Mend the receiver, send a test, then enable it.',
  },
  gone: {
    label: 'Disabled: it answered 410',
    tone: 'bad',
    advice: 'The receiver said that it is gone for good. If it is there again, enable it.',
  },
  operator: {
    label: 'Disabled by the operator',
    tone: 'bad',
    advice: 'Whoever operates Tidings disabled it, and only they can enable it.',
  },
};

/** The one condition that matters most. */
export function conditionOf(webhook: Webhook): Condition {
  const { enabled, disabled_reason: reason, paused, circuit, failing_since: failingSince } = webhook;
  if (!enabled) {
    return reason === null
      ? { label: 'Disabled', tone: 'quiet', advice: 'You disabled it: nothing is sent, and events are skipped.' }
      : DISABLED[reason];
  }
  if (paused) {
    return {
      label: 'Paused by the operator',
      tone: 'warning',
      advice: 'Nothing is sent for now, and nothing is lost: deliveries wait.',
    };
  }
  if (circuit.state !== 'closed') {
    return {
      label: circuit.state === 'open' ? 'Not reached: waiting' : 'Not reached: probing',
      tone: 'bad',
      advice: 'No response came for several attempts in a row. Tidings probes now and then, and goes on as soon as one comes.',
    };
  }
  if (failingSince !== null) {
    return { label: 'Failing', tone: 'warning', advice: 'The last attempts failed. Deliveries are tried again.' };
  }
  return { label: 'Active', tone: 'good' };
}
