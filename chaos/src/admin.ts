import type { System } from './system.js';

/** Sends a request of an owner, or of an operator. Throws unless the response is a success. */
export async function request(
  { processes }: System,
  caller: { owner: string } | 'operator',
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const token = caller === 'operator' ? processes.token('operator', 'admin') : processes.token(caller.owner);
  const response = await fetch(`${processes.url()}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${String(response.status)}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** Pauses or resumes a webhook, as an operator does. */
export async function pauseWebhook(system: System, id: string, paused: boolean): Promise<void> {
  await request(system, 'operator', 'PATCH', `/api/admin/webhooks/${id}`, { paused });
}
