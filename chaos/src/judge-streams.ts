/** An event of the event log. */
export interface StreamedEvent {
  id: string;
  type: string;
  /** Null: everyone may see the event. */
  owner: string | null;
}

/** The events that a client received over all its connections. */
export interface StreamClientLog {
  name: string;
  /** The ids of the events, in the order of arrival. */
  received: string[];
  /** The number of `stream.gap` messages: each says that the log no longer has the client's last event. */
  gaps: number;
  maySee: (event: StreamedEvent) => boolean;
}

const EXAMPLES = 3;

/**
 * Checks that each client received exactly the events of the log that it may see, in the order of the log. Returns one
 * sentence for each kind of violation.
 *
 * @param log the events after the one at which the clients started
 */
export function judgeStreams(log: readonly StreamedEvent[], streamClients: readonly StreamClientLog[]): string[] {
  const found: Record<string, string[]> = {
    missing: [],
    'received twice': [],
    'not for its client': [],
    'out of order': [],
    gaps: [],
  };
  const indexes = new Map(log.map(({ id }, index) => [id, index]));
  for (const { name, received, gaps, maySee } of streamClients) {
    const at = (id: string): string => `${id} at ${name}`;
    const seen = new Set<string>();
    let last = -1;
    for (const id of received) {
      const index = indexes.get(id);
      const event = index === undefined ? undefined : log[index];
      if (seen.has(id)) found['received twice']?.push(at(id));
      else if (index === undefined || !event || !maySee(event)) found['not for its client']?.push(at(id));
      else if (index < last) found['out of order']?.push(at(id));
      seen.add(id);
      last = Math.max(last, index ?? last);
    }
    for (const event of log) if (maySee(event) && !seen.has(event.id)) found['missing']?.push(at(event.id));
    if (gaps > 0) found['gaps']?.push(`${String(gaps)} at ${name}`);
  }
  return Object.entries(found)
    .filter(([, list]) => list.length > 0)
    .map(([finding, list]) => {
      const examples = `${list.slice(0, EXAMPLES).join(', ')}${list.length > EXAMPLES ? ', …' : ''}`;
      return finding === 'gaps'
        ? `clients got stream.gap: ${examples}`
        : `${String(list.length)} streamed events ${finding}: ${examples}`;
    });
}

/**
 * Checks the same for a log that was put back: each client received every event that is in the log, beside those that were
 * lost; and a client that continued behind a lost event got a `stream.gap`.
 *
 * @param lost the ids of events that the log lost. Those that were published again are not judged.
 */
export function judgeStreamsAfterLoss(
  log: readonly StreamedEvent[],
  lost: ReadonlySet<string>,
  streamClients: readonly StreamClientLog[],
): string[] {
  const publishedAgain = new Set(log.map(({ id }) => id).filter((id) => lost.has(id)));
  const isGone = (id = ''): boolean => lost.has(id) && !publishedAgain.has(id);
  const lacksGap = ({ received, gaps }: StreamClientLog): boolean =>
    gaps === 0 && received.some((id, index) => !lost.has(id) && isGone(received[index - 1]));
  const withoutGap = streamClients.filter(lacksGap).map(({ name }) => name);
  const others = streamClients.map((each) => ({ ...each, received: each.received.filter((id) => !lost.has(id)), gaps: 0 }));
  return [
    ...judgeStreams(
      log.filter(({ id }) => !lost.has(id)),
      others,
    ),
    ...(withoutGap.length > 0
      ? [`clients continued behind a lost event without stream.gap: ${withoutGap.slice(0, EXAMPLES).join(', ')}`]
      : []),
  ];
}
