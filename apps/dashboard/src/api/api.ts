import { createClient, type Client, type components, type Problem } from '@tidings/client';
import { apiUrl } from './server-values.js';

/** The schemas of the API, by name. */
export type Schemas = components['schemas'];
/** A webhook, as its owner sees it. */
export type Webhook = Schemas['Webhook'];
/** A delivery without its attempts. */
export type Delivery = Schemas['Delivery'];
/** A delivery with its newest attempts. */
export type DeliveryWithAttempts = Schemas['DeliveryWithAttempts'];

/** One page of a list of the API. */
export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}

/** The typed routes and the live stream, called with the token of the signed-in user. */
export type Api = Client;

/** Creates a client of the API that served this page. */
export function createApi(token: string): Api {
  return createClient({ url: apiUrl(), token: () => token });
}

/** An error response of the API. Its message is shown to the user. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(problem.detail ?? problem.title ?? `The API responded with status ${String(status)}.`);
    this.name = 'ApiProblem';
  }

  /** The validation message of each field, by the field's name in the API: `url`, `headers.X-Key`. */
  get fieldErrors(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.problem.errors ?? []).map(({ field, message }) => [field, message]));
  }
}

/**
 * Returns the body of a successful response.
 *
 * @throws {ApiProblem} for an error response
 */
export async function unwrap<Data>(call: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  throw new ApiProblem(response.status, typeof error === 'object' && error !== null ? error : {});
}

/** Returns a message for the user about any thrown value. */
export function explainError(error: unknown): string {
  if (error instanceof ApiProblem) {
    // The API's log has the cause of a server error under this id.
    const id = error.status >= 500 ? error.problem.request_id : undefined;
    return id === undefined ? error.message : `${error.message} (request_id: ${id})`;
  }
  if (error instanceof TypeError)
    return 'The API is not reachable. Check your network connection. The page retries automatically.';
  return error instanceof Error ? error.message : String(error);
}
