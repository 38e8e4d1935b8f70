import type { Webhook } from '../api/api.js';
import { formatExact } from '../format/time.js';
import type { Tone } from '../components/state-badge.js';

/** The state of a webhook as it is shown to people. */
export interface WebhookState {
  label: string;
  tone: Tone;
  /** The meaning and the remedy; undefined for an active webhook. */
  advice?: string;
}

const DISABLED: Record<NonNullable<Webhook['disabled_reason']>, WebhookState> = {
  failing: {
    label: 'Disabled: failing',
    tone: 'bad',
    advice:
      'All attempts failed for days, so Tidings disabled the webhook. Repair the receiver, send a test event, then enable the webhook.',
  },
  gone: {
    label: 'Disabled: 410 Gone',
    tone: 'bad',
    advice:
      'The receiver responded with 410 Gone, which means that it was removed. If it is available again, enable the webhook.',
  },
  operator: {
    label: 'Disabled by the operator',
    tone: 'bad',
    advice: 'The operator disabled this webhook. Only the operator can enable it.',
  },
};

/** Words what a resume by one of the two did: the other one's pause stays. */
export function resumedMessage({ paused_by: pausedBy }: Pick<Webhook, 'paused_by'>): string {
  if (pausedBy[0] === 'verification')
    return 'Your pause has ended. Deliveries wait until the receiver has answered the challenge.';
  const [other] = pausedBy;
  return other === undefined
    ? 'The webhook is resumed.'
    : `Your pause has ended. The ${other}'s remains: deliveries wait until the ${other} resumes the webhook.`;
}

/** Returns the most important state: disabled before paused, paused before circuit, circuit before throttled, throttled before failing. */
export function stateOf(webhook: Webhook): WebhookState {
  const {
    enabled,
    disabled_reason: reason,
    paused_by: pausedBy,
    circuit,
    failing_since: failingSince,
    throttled_until: throttledUntil,
  } = webhook;
  if (!enabled) {
    return reason === null
      ? { label: 'Disabled', tone: 'neutral', advice: 'The webhook is disabled. New events are not delivered.' }
      : DISABLED[reason];
  }
  if (pausedBy.includes('owner') && pausedBy.includes('operator')) {
    return {
      label: 'Paused by owner and operator',
      tone: 'warning',
      advice: 'The owner and the operator paused this webhook. Deliveries wait until both resume it. No event is lost.',
    };
  }
  if (pausedBy.includes('owner')) {
    return {
      label: 'Paused',
      tone: 'warning',
      advice: 'The owner paused this webhook. Deliveries wait until the owner resumes it. No event is lost.',
    };
  }
  if (pausedBy.includes('operator')) {
    return {
      label: 'Paused by the operator',
      tone: 'warning',
      advice: 'Deliveries wait until the operator resumes them. No event is lost.',
    };
  }
  if (pausedBy.includes('verification')) {
    const { error } = webhook.verification;
    return {
      label: 'Not verified',
      tone: 'warning',
      advice: `${error === null ? '' : `The last challenge failed: ${error} `}The receiver has to show that it expects these events: it answers the event webhook.verification with the challenge in it. Deliveries wait until then. No event is lost.`,
    };
  }
  if (circuit.state !== 'closed') {
    return {
      label: circuit.state === 'open' ? 'Circuit open' : 'Circuit half-open',
      tone: 'bad',
      advice:
        'The receiver did not respond to several attempts in a row. Tidings probes it regularly and resumes deliveries after the first response.',
    };
  }
  if (throttledUntil !== null) {
    return {
      label: 'Throttled',
      tone: 'warning',
      advice: `The receiver asked to slow down. Deliveries wait until ${formatExact(throttledUntil)}, and then come back slowly. No event is lost.`,
    };
  }
  if (failingSince !== null) {
    return {
      label: 'Failing',
      tone: 'warning',
      advice: 'The last attempts failed. Tidings retries each delivery until it succeeds or has no attempts left.',
    };
  }
  return { label: 'Active', tone: 'good' };
}
