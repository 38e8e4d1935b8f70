interface GuidanceOptions {
  apiUrl: string;
  receiverUrl: string;
  /** Undefined for a server of the user's own, whose URL may hold a password and is not shown. */
  databaseUrl: string | undefined;
  /** Undefined for a server of the user's own, likewise. */
  redisUrl: string | undefined;
  /** A token of alice with the scope `events:publish`. */
  token: string;
  /** A token of alice for the dashboard, with the scopes `events:publish` and `admin`, so that every page is visible. */
  pageToken: string;
  /** The webhook of alice that sends to the demo receiver. */
  webhookId: string;
  /** A valid event that alice may see. */
  event: { type: string; data: object };
}

/** Returns the text that `npm start` prints once everything runs: the addresses, and a tour of lines to paste into bash or zsh. */
export function guidance({
  apiUrl,
  receiverUrl,
  databaseUrl,
  redisUrl,
  token,
  pageToken,
  webhookId,
  event,
}: GuidanceOptions): string {
  const post = (path: string, body: object): string =>
    `curl -sw '\\n' ${apiUrl}${path} -H "$AUTH" -H 'Content-Type: application/json' -d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`;
  const webhook = { url: 'http://127.0.0.1:5000/hook', event_types: [`${event.type.slice(0, event.type.indexOf('.'))}.*`] };
  return `
────────────────────────────────────────────────────────────────────────────────
Tidings runs.

  Dashboard   ${apiUrl}/#token=${pageToken}
  API         ${apiUrl}
  Receiver    ${receiverUrl} (a demo: it verifies signatures and prints here what it gets)
  PostgreSQL  ${databaseUrl ?? 'yours (DATABASE_URL)'}
  Redis       ${redisUrl ?? 'yours (REDIS_URL)'}

The link to the dashboard signs you in. Or paste these lines into another terminal, one by one.

First, a development token for alice, who may also publish. It is valid for 24 hours.

AUTH='Authorization: Bearer ${token}'

1. Watch her live stream, in the background of that terminal.

curl -sN ${apiUrl}/api/events/stream -H "$AUTH" &

2. Publish an event. It appears in the stream there, and at the demo receiver here as a signed webhook.

${post('/api/events', event)}

3. List the deliveries to the demo receiver, with their status.

curl -sw '\\n' ${apiUrl}/api/webhooks/${webhookId}/deliveries -H "$AUTH"

4. Register a webhook of your own: replace the URL with yours. The response shows the secret, only this once.

${post('/api/webhooks', webhook)}

More tokens: npx tidings token --sub bob --scope events:publish
npm start lets webhooks reach this machine (EGRESS_ALLOW_CIDRS); by default they reach public addresses only.
Ctrl-C stops everything. Data and keys stay in .tidings/.
────────────────────────────────────────────────────────────────────────────────
`;
}
