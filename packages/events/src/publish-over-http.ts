import type { EventDraft } from './event.js';
import { writeJson } from './json/write-json.js';
import { RejectedEventError } from './rejected-event-error.js';

/** The options of {@link publishOverHttp}. */
export interface HttpPublishOptions {
  /** The URL of the API: `https://tidings.example.com`. It may have a path, where `BASE_PATH` is set. */
  url: string;
  /** A token with the scope `events:publish`, or a function that returns one that is still valid. */
  token: string | (() => string | Promise<string>);
  /** The time limit of a request, in milliseconds. Default 10,000. */
  timeoutMs?: number;
}

interface ProblemDocument {
  title?: string;
  detail?: string;
  errors?: { field: string; message: string }[];
}

/**
 * Creates a publish function for the relay of an outbox. It resolves when the API has committed the events, 1 to 1,000 of them.
 *
 * It throws a {@link RejectedEventError} when the API refuses an event of the list (400, 409) or the list is too large (413).
 * It throws another error when the API could not be reached or refuses the request for another reason, such as an expired
 * token: then try again.
 */
export function publishOverHttp({ url, token, timeoutMs = 10_000 }: HttpPublishOptions) {
  const target = new URL(`${url.replace(/(?<!\/)\/+$/, '')}/api/events`);
  return async (events: readonly EventDraft[]): Promise<void> => {
    const response = await fetch(target, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
        'content-type': 'application/json',
      },
      // A single event is sent without `events`, so that the API names wrong fields without `events[0]`.
      body: writeJson(events.length === 1 ? events[0] : { events }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.ok) return;
    const problem = readProblem(response, text);
    if (response.status === 413)
      throw new RejectedEventError('The request is too large for the API, or for a proxy in front of it (413).');
    if (response.status === 400 && problem?.errors) {
      throw new RejectedEventError(problem.errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
    }
    if (response.status === 409 && problem) throw new RejectedEventError(problem.detail ?? problem.title ?? text);
    const reason = problem?.detail ?? problem?.title ?? text.slice(0, 200);
    throw new Error(`POST ${target.href} answered ${String(response.status)}: ${reason}`);
  };
}

/** Reads the API's problem document. Undefined for other responses: a proxy may use the same status for another reason. */
function readProblem(response: Response, text: string): ProblemDocument | undefined {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    return JSON.parse(text) as ProblemDocument;
  } catch {
    return undefined;
  }
}
