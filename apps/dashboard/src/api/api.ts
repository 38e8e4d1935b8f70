import { createClient, type Client, type components, type Problem } from '@tidings/client';

export type Schemas = components['schemas'];
export type Webhook = Schemas['Webhook'];
export type Delivery = Schemas['Delivery'];
export type DeliveryWithAttempts = Schemas['DeliveryWithAttempts'];
export type EventType = Schemas['EventType'];

/** A page of a list. */
export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}

/** Every route, typed, and the live stream, in the name of whoever is signed in. */
export type Api = Client;

/** Calls the API that this page came from. */
export function createApi(token: string): Api {
  return createClient({ url: window.location.origin, token: () => token });
}

/** What the API answered instead of what was asked for. Its message is for people. */
export class ApiProblem extends Error {
  constructor(
    /** Of HTTP. */
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(problem.detail ?? problem.title ?? `The API answered ${String(status)}.`);
    this.name = 'ApiProblem';
  }

  /** What is wrong with each field, by its name as the API writes it: `url`, `headers.X-Key`. */
  get fields(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.problem.errors ?? []).map(({ field, message }) => [field, message]));
  }
}

/**
 * The body of an answer.
 *
 * @throws {ApiProblem} the API refused
 */
export async function answerTo<Data>(call: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  throw new ApiProblem(response.status, typeof error === 'object' && error !== null ? error : {});
}

/** What to tell a person of anything that was thrown. */
export function explain(error: unknown): string {
  if (error instanceof ApiProblem) {
    // What is the API's own fault its log tells, by this id.
    const id = error.status >= 500 ? error.problem.request_id : undefined;
    return id === undefined ? error.message : `${error.message} (request_id: ${id})`;
  }
  if (error instanceof TypeError) return 'The API cannot be reached. Check the network; this page tries again by itself.';
  return error instanceof Error ? error.message : String(error);
}
