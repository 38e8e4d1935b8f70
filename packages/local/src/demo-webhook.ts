import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface DemoWebhook {
  id: string;
  /** The API shows it once, so it is kept here. */
  secret: string;
}

interface DemoWebhookOptions {
  /** Where id and secret are kept between starts. */
  file: string;
  /** Of the API. */
  apiUrl: string;
  /** Of the user whose webhook it is. */
  token: string;
  /** Where it sends to. */
  url: string;
}

const DESCRIPTION = 'The demo receiver of npm start';

/**
 * The webhook that sends to the demo receiver: the one of an earlier start, told the receiver's address of today, or a
 * new one. Throws what the API answers when it refuses.
 */
export async function keepDemoWebhook({ file, apiUrl, token, url }: DemoWebhookOptions): Promise<DemoWebhook> {
  const request = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${apiUrl}/api/webhooks${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok && response.status !== 404) throw new Error(`${method} /api/webhooks${path}: ${await response.text()}`);
    return response;
  };

  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as DemoWebhook;
    const changed = await request('PATCH', `/${kept.id}`, { url, enabled: true });
    if (changed.ok) return kept;
    // Somebody deleted it, or this is another database.
  }
  const listed = (await (await request('GET', '?limit=100')).json()) as { data: { id: string; description: string | null }[] };
  // Nobody knows the secrets of those that other folders registered, and a user may have only a few.
  for (const { id, description } of listed.data) if (description === DESCRIPTION) await request('DELETE', `/${id}`);

  const registered = await request('POST', '', { url, description: DESCRIPTION });
  const { id, secret } = (await registered.json()) as DemoWebhook;
  writeFileSync(`${file}.unfinished`, JSON.stringify({ id, secret }), { mode: 0o600 });
  renameSync(`${file}.unfinished`, file);
  return { id, secret };
}
