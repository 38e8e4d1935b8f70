import { ApiProblem } from './api.js';

/** Calls a route that the client does not know by its type yet. Throws an `ApiProblem` when the API refuses. */
export async function sendJson<Answer>(token: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (!response.ok) throw new ApiProblem(response.status, answer as object);
  return answer;
}

export function getJson<Answer>(token: string, path: string): Promise<Answer> {
  return sendJson(token, 'GET', path);
}
