import { setTimeout } from 'node:timers/promises';
import { catalog as shippedCatalog, type Catalog, type Publishable } from './catalog.js';
import type { EventDraft, TidingsEvent } from './event.js';
import { InvalidEventError } from './invalid-event-error.js';
import { postEvents, reasonOf, TOO_LARGE, type Answer, type HttpPublishOptions } from './post-events.js';
import { RejectedEventError } from './rejected-event-error.js';

/** The options of {@link createHttpPublisher}. */
export interface HttpPublisherOptions<Event extends EventDraft = EventDraft> extends HttpPublishOptions {
  /** The catalog that validates events, and whose events may be published. Default: the catalog of this package. */
  catalog?: Catalog<Event>;
  /** How often a request is sent in all while there is no answer, or the API answers 429, 502, 503 or 504. Default 3. */
  attempts?: number;
}

/** An event that the API has committed: `repeated` when the log had it already. */
export interface AcceptedOverHttp {
  id: string;
  status: 'accepted' | 'repeated';
}

/** Publishes events over HTTP. */
export interface HttpPublisher<Event extends EventDraft = Publishable> {
  /**
   * Validates events and posts them, all or none; 1 to 1,000 of them. Resolves when the API has committed them.
   *
   * Throws an {@link InvalidEventError} with every wrong field, of the catalog here or of the API's; a {@link RejectedEventError}
   * when another event has an id (409) or the request is too large (413); and another error when the API could not be reached or
   * refuses the request for another reason. Then publish the same ids again: they stay one event.
   */
  publish: {
    (event: Event): Promise<AcceptedOverHttp>;
    (events: readonly Event[]): Promise<AcceptedOverHttp[]>;
  };
}

/** Answers after which the same request may succeed. */
const TRY_AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** The wait before the second request, in milliseconds; it doubles with each further one, up to the longest. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/**
 * Creates a publisher for services that reach the API and not its Redis: what it has accepted is committed. Every event gets an
 * id before the first request, so that a request may be sent again without publishing twice.
 */
export function createHttpPublisher<Event extends EventDraft = Publishable>(
  options: HttpPublisherOptions<Event>,
): HttpPublisher<Event> {
  const { attempts = 3, ...request } = options;
  const catalog: Catalog = options.catalog ?? shippedCatalog;
  const post = postEvents(request);

  /** Posts until there is an answer that does not say to try again. */
  const postPatiently = async (body: string): Promise<Answer> => {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= attempts;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
      try {
        const answer = await post(body);
        if (isLast || !TRY_AGAIN.has(answer.status)) return answer;
        await setTimeout(Math.max(wait, Math.min(LONGEST_WAIT_MS, 1000 * secondsIn(answer.headers.get('retry-after')))));
      } catch (error) {
        if (isLast) throw error;
        await setTimeout(wait);
      }
    }
  };

  async function publish(event: Event): Promise<AcceptedOverHttp>;
  async function publish(events: readonly Event[]): Promise<AcceptedOverHttp[]>;
  async function publish(input: Event | readonly Event[]): Promise<AcceptedOverHttp | AcceptedOverHttp[]> {
    const isList = Array.isArray(input);
    const drafts = isList ? (input as readonly Event[]) : [input as Event];
    if (drafts.length === 0) return [];
    const events = catalog.validate(drafts, isList ? 'events' : undefined);
    const texts = events.map(toJson);
    const answer = await postPatiently(isList ? `{"events":[${texts.join(',')}]}` : (texts[0] as string));
    if (answer.status < 300) {
      const result = JSON.parse(answer.text) as AcceptedOverHttp | { data: AcceptedOverHttp[] };
      return 'data' in result ? result.data : result;
    }
    throw refusalOf(answer);
  }

  return { publish };
}

/** The body of an event. Its data is JSON text already. */
function toJson({ id, type, version, timestamp, data }: TidingsEvent): string {
  return `${JSON.stringify({ id, type, version, timestamp }).slice(0, -1)},"data":${data}}`;
}

function refusalOf({ status, problem, text, where }: Answer): Error {
  if (status === 400 && problem?.errors) return new InvalidEventError(problem.errors);
  if (status === 409 && problem) return new RejectedEventError(reasonOf({ problem, text }));
  if (status === 413) return new RejectedEventError(TOO_LARGE);
  return new Error(`${where} answered ${String(status)}: ${reasonOf({ problem, text })}`);
}

/** The seconds of a `Retry-After`; 0 without one, and for a date, which a publisher does not wait for. */
const secondsIn = (retryAfter: string | null): number => (/^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0);
