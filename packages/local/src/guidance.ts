/** A type that the tour defines where an installation has none to publish. */
const FIRST_TYPE = {
  description: 'Somebody sent a greeting.',
  audience: 'owner',
  schema: {
    type: 'object',
    properties: { user_id: { type: 'string' }, text: { type: 'string' } },
    required: ['user_id', 'text'],
  },
  examples: [{ user_id: 'alice', text: 'Hello' }],
};
const FIRST_EVENT = { type: 'greeting.sent', data: { user_id: 'alice', text: 'Hello' } };

interface GuidanceOptions {
  apiUrl: string;
  receiverUrl: string;
  /** Undefined for a server of the user's own, whose URL may hold a password and is not shown. */
  databaseUrl: string | undefined;
  /** Undefined for a server of the user's own, likewise. */
  redisUrl: string | undefined;
  /** A token of alice with the scopes `events:publish` and `event-types:write`. */
  token: string;
  /** A token of alice for the dashboard, with the scopes `events:publish` and `admin`, so that every page is visible. */
  pageToken: string;
  /** The webhook of alice that sends to the demo receiver. */
  webhookId: string;
  /** An event that alice may see; null: no event type of the installation has an example of one. */
  event: { type: string; data: object } | null;
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
  const send = (path: string, body: object, method = ''): string =>
    `curl -sw '\\n' ${method}${apiUrl}${path} -H "$AUTH" -H 'Content-Type: application/json' -d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`;
  const { type, data } = event ?? FIRST_EVENT;
  const webhook = { url: 'http://127.0.0.1:5000/hook', event_types: [`${type.slice(0, type.indexOf('.'))}.*`] };
  const steps: [does: string, line: string][] = [
    ['Watch her live stream, in the background of that terminal.', `curl -sN ${apiUrl}/api/events/stream -H "$AUTH" &`],
    ...(event === null
      ? [
          [
            'Define an event type: this installation has none with an example of an event that alice may see. docs/event-types.md has other ways.',
            send(`/api/event-types/${type}`, FIRST_TYPE, '-X PUT '),
          ] satisfies [string, string],
        ]
      : []),
    [
      'Publish an event. It appears in the stream there, and at the demo receiver here as a signed webhook.',
      send('/api/events', { type, data }),
    ],
    [
      'List the deliveries to the demo receiver, with their status.',
      `curl -sw '\\n' ${apiUrl}/api/webhooks/${webhookId}/deliveries -H "$AUTH"`,
    ],
    [
      'Register a webhook of your own: replace the URL with yours. The response shows the secret, only this once.',
      send('/api/webhooks', webhook),
    ],
  ];
  return `
────────────────────────────────────────────────────────────────────────────────
Tidings runs.

  Dashboard   ${apiUrl}/#token=${pageToken}
  API         ${apiUrl}
  Receiver    ${receiverUrl} (a demo: it verifies signatures and prints here what it gets)
  PostgreSQL  ${databaseUrl ?? 'yours (DATABASE_URL)'}
  Redis       ${redisUrl ?? 'yours (REDIS_URL)'}

The link to the dashboard signs you in. Or paste these lines into another terminal, one by one.

First, a development token for alice, who may also publish and write event types. It is valid for 24 hours.

AUTH='Authorization: Bearer ${token}'

${steps.map(([does, line], index) => `${String(index + 1)}. ${does}\n\n${line}\n`).join('\n')}
More tokens: npx tidings token --sub bob --scope events:publish
Event types of your own: docs/event-types.md
npm start lets webhooks reach this machine (EGRESS_ALLOW_CIDRS); by default they reach public addresses only.
Ctrl-C stops everything. Data and keys stay in .tidings/.
────────────────────────────────────────────────────────────────────────────────
`;
}
