import type { z } from 'zod';
import { Problem } from '../problems/problem.js';
import type { eventTypeChangesJson } from './view.js';

/** A 409 for a change of an event type that breaks publishers or receivers. It names each change, and the webhooks that get the type. */
export function breakingChange({ breaks, changes, webhooks, more_webhooks }: z.output<typeof eventTypeChangesJson>): Problem {
  return new Problem(409, 'The change breaks a contract', {
    detail: `Nothing was written: the change breaks ${breaks.join(' and ')}, as "changes" says. Write it as a new "version".`,
    extensions: { breaks, changes, webhooks, more_webhooks },
  });
}
