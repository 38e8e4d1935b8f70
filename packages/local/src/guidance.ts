interface GuidanceOptions {
  apiUrl: string;
  receiverUrl: string;
  /** Undefined: one that was running already, whose password is not ours to show. */
  databaseUrl: string | undefined;
  /** Likewise. */
  redisUrl: string | undefined;
  /** Alice's, with the scope `events:publish`. */
  token: string;
  /** Alice's as well, for the page: with the scope `admin` besides, so that all of it is there to see. */
  pageToken: string;
  /** Alice's webhook, which sends to the demo receiver. */
  webhookId: string;
}

const EVENT = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1204, errors: 0, duration_s: 42.5 } };
const OWN_WEBHOOK = { url: 'http://127.0.0.1:5000/hook', event_types: ['sync.*'] };

/** What `npm start` says when everything runs: where it is, and the tour, each step a line to paste into bash or zsh. */
export function guidance({ apiUrl, receiverUrl, databaseUrl, redisUrl, token, pageToken, webhookId }: GuidanceOptions): string {
  const post = (path: string, body: object): string =>
    `curl -sw '\\n' ${apiUrl}${path} -H "$AUTH" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
  return `
────────────────────────────────────────────────────────────────────────────────
Tidings runs.

  Dashboard   ${apiUrl}/#token=${pageToken}
  API         ${apiUrl}
  Receiver    ${receiverUrl} (a demo: it verifies signatures and prints here what it gets)
  PostgreSQL  ${databaseUrl ?? 'yours (DATABASE_URL)'}
  Redis       ${redisUrl ?? 'yours (REDIS_URL)'}

The link to the dashboard signs you in. Or paste these lines into another terminal, one after the other.

First, a development token: for alice, who may also publish, and for 24 hours.

AUTH='Authorization: Bearer ${token}'

1. Watch her live stream, in the background of that terminal.

curl -sN ${apiUrl}/api/events/stream -H "$AUTH" &

2. Publish an event. The stream shows it there, and the demo receiver here, as a signed webhook.

${post('/api/events', EVENT)}

3. See what became of the deliveries to the demo receiver.

curl -sw '\\n' ${apiUrl}/api/webhooks/${webhookId}/deliveries -H "$AUTH"

4. Register a webhook of your own: put your URL in place of this one. Its secret is shown this once.

${post('/api/webhooks', OWN_WEBHOOK)}

More tokens: npx tidings token --sub bob --scope events:publish
Webhooks may go to this machine, since npm start opens it (EGRESS_ALLOW_CIDRS); by default they reach public addresses only.
Ctrl-C stops all of it. Data and keys stay in .tidings/.
────────────────────────────────────────────────────────────────────────────────
`;
}
