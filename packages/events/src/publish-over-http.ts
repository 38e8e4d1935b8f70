import type { EventDraft } from './event.js';
import { writeJson } from './json/write-json.js';
import { postEvents, reasonOf, TOO_LARGE, type HttpPublishOptions } from './post-events.js';
import { RejectedEventError } from './rejected-event-error.js';

/**
 * Creates a publish function for the relay of an outbox. It resolves when the API has committed the events, 1 to 1,000 of them.
 *
 * It throws a {@link RejectedEventError} when the API refuses an event of the list (400, 409) or the list is too large (413).
 * It throws another error when the API could not be reached or refuses the request for another reason, such as an expired
 * token: then try again.
 */
export function publishOverHttp(options: HttpPublishOptions) {
  const post = postEvents(options);
  return async (events: readonly EventDraft[]): Promise<void> => {
    // A single event is sent without `events`, so that the API names wrong fields without `events[0]`.
    const { status, problem, text, where } = await post(writeJson(events.length === 1 ? events[0] : { events }));
    if (status < 300) return;
    if (status === 413) throw new RejectedEventError(TOO_LARGE);
    if (status === 400 && problem?.errors) {
      throw new RejectedEventError(problem.errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
    }
    if (status === 409 && problem) throw new RejectedEventError(problem.detail ?? problem.title ?? text);
    throw new Error(`${where} answered ${String(status)}: ${reasonOf({ problem, text })}`);
  };
}
