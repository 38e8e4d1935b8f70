import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The webhook that sends to the demo receiver of `npm start`. */
export interface DemoWebhook {
  id: string;
  /** `whsec_…`. The API shows it only once, so the file keeps it. */
  secret: string;
}

interface DemoWebhookOptions {
  /** The file that keeps id and secret between starts. */
  file: string;
  /** Base URL of the API. */
  apiUrl: string;
  /** A token of the webhook's owner. */
  token: string;
  /** URL of the demo receiver. */
  url: string;
}

const DESCRIPTION = 'The demo receiver of npm start';

/**
 * Returns the webhook that sends to the demo receiver. A webhook of an earlier start gets the receiver's current URL;
 * otherwise a new one is registered. Throws an error with the API's response when the API refuses.
 */
export async function ensureDemoWebhook({ file, apiUrl, token, url }: DemoWebhookOptions): Promise<DemoWebhook> {
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
    // The webhook was deleted, or this is another database.
  }
  const listed = (await (await request('GET', '?limit=100')).json()) as { data: { id: string; description: string | null }[] };
  // Demo webhooks of other folders are deleted: their secrets are unknown here, and an owner may have only a few webhooks.
  for (const { id, description } of listed.data) if (description === DESCRIPTION) await request('DELETE', `/${id}`);

  const registered = await request('POST', '', { url, description: DESCRIPTION });
  const { id, secret } = (await registered.json()) as DemoWebhook;
  writeFileSync(`${file}.unfinished`, JSON.stringify({ id, secret }), { mode: 0o600 });
  renameSync(`${file}.unfinished`, file);
  return { id, secret };
}
