/** How events are published over HTTP. */
export interface HttpPublishOptions {
  /** The URL of the API: `https://tidings.example.com`. It may have a path, where `BASE_PATH` is set. */
  url: string;
  /** A token with the scope `events:publish`, or a function that returns one that is still valid. */
  token: string | (() => string | Promise<string>);
  /** The time limit of a request, in milliseconds. Default 10,000. */
  timeoutMs?: number;
}

/** What the API answers when it refuses a request (RFC 9457). */
export interface ProblemDocument {
  title?: string;
  detail?: string;
  errors?: { field: string; message: string }[];
}

/** The answer of the API, or of a proxy in front of it. */
export interface Answer {
  status: number;
  text: string;
  headers: Headers;
  /** The problem document; undefined for other answers: a proxy may use the same status for another reason. */
  problem: ProblemDocument | undefined;
  /** The method and the URL of the request, for error messages. */
  where: string;
}

/** The reason of a 413. */
export const TOO_LARGE = 'The request is too large for the API, or for a proxy in front of it (413).';

/** Creates the function that posts a body, as JSON text, to the route `POST /api/events`. It rejects when there is no answer in time. */
export function postEvents({ url, token, timeoutMs = 10_000 }: HttpPublishOptions) {
  const target = new URL(`${url.replace(/(?<!\/)\/+$/, '')}/api/events`);
  return async (body: string): Promise<Answer> => {
    const response = await fetch(target, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
        'content-type': 'application/json',
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    const { status, headers } = response;
    return { status, text, headers, problem: readProblem(headers, text), where: `POST ${target.href}` };
  };
}

/** Says why a request was refused. */
export function reasonOf({ problem, text }: Pick<Answer, 'problem' | 'text'>): string {
  return problem?.detail ?? problem?.title ?? text.slice(0, 200);
}

function readProblem(headers: Headers, text: string): ProblemDocument | undefined {
  if (!headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    return JSON.parse(text) as ProblemDocument;
  } catch {
    return undefined;
  }
}
