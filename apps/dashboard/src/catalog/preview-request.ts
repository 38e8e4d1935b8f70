interface PreviewInput {
  type: string;
  version: number;
  /** The data of the event, as JSON text. */
  example: string;
  now: Date;
}

/** Returns the headers and the body of a request to a webhook, with placeholders for its id and signature; null: the example is no JSON. */
export function previewRequest({ type, version, example, now }: PreviewInput): { headers: string; body: string } | null {
  const data = parse(example);
  if (data === undefined) return null;
  const headers = [
    'POST <URL of the webhook>',
    'content-type: application/json',
    'webhook-id: evt_…',
    `webhook-timestamp: ${String(Math.floor(now.getTime() / 1000))}`,
    `webhook-event-version: ${String(version)}`,
    'webhook-signature: v1,…',
  ].join('\n');
  return { headers, body: JSON.stringify({ type, timestamp: now.toISOString(), data }, null, 2) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
