import type { EventDraft } from './event.js';
import { RejectedEventError } from './rejected-event-error.js';

export interface HttpPublishOptions {
  /** Where the API is: `https://tidings.example.com`. */
  url: string;
  /** A token with the scope `events:publish`, or how to get one that is still valid. */
  token: string | (() => string | Promise<string>);
  /** How long to wait for the answer, in milliseconds. Default 10,000. */
  timeoutMs?: number;
}

interface ProblemDocument {
  title?: string;
  detail?: string;
  errors?: { field: string; message: string }[];
}

/**
 * A publish function for the relay of an outbox: resolves when the API has committed the events, 1 to 1,000 of them.
 *
 * Throws {@link RejectedEventError} when the API refuses something of the list (400, 409) or the list is too large (413), and
 * another error when it could not be asked, or wants something else, such as a valid token: then try again.
 */
export function publishOverHttp({ url, token, timeoutMs = 10_000 }: HttpPublishOptions) {
  const target = new URL('/api/events', url);
  return async (events: readonly EventDraft[]): Promise<void> => {
    const response = await fetch(target, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
        'content-type': 'application/json',
      },
      // Alone, an event's fields are named as they are.
      body: JSON.stringify(events.length === 1 ? events[0] : { events }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.ok) return;
    const problem = readProblem(response, text);
    if (response.status === 413) throw new RejectedEventError('The API, or a proxy before it, takes no request so large (413).');
    if (response.status === 400 && problem?.errors) {
      throw new RejectedEventError(problem.errors.map(({ field, message }) => `${field}: ${message}`).join('; '));
    }
    if (response.status === 409 && problem) throw new RejectedEventError(problem.detail ?? problem.title ?? text);
    const said = problem?.detail ?? problem?.title ?? text.slice(0, 200);
    throw new Error(`POST ${target.href} answered ${String(response.status)}: ${said}`);
  };
}

/** What the API says. A proxy on the way may answer with the same status, and means something else by it. */
function readProblem(response: Response, text: string): ProblemDocument | undefined {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    return JSON.parse(text) as ProblemDocument;
  } catch {
    return undefined;
  }
}
