/** An event of the log. */
export interface StreamedEvent {
  id: string;
  type: string;
  /** The one user who may see it; null: everyone. */
  user: string | null;
}

/** What a client got, over all of its connections. */
export interface FollowerLog {
  name: string;
  /** The ids of the events, in the order in which they came. */
  received: string[];
  /** How often it was told that the log does not have its last event. */
  gaps: number;
  maySee: (event: StreamedEvent) => boolean;
}

const EXAMPLES = 3;

/**
 * Whether each client got exactly what the log has for it, in the order of the log. One sentence for each kind of
 * mistake; none: all did.
 *
 * @param log from where the clients began
 */
export function judgeStreams(log: readonly StreamedEvent[], followers: readonly FollowerLog[]): string[] {
  const found: Record<string, string[]> = {
    missing: [],
    'that came twice': [],
    'not for its client': [],
    'out of order': [],
    gaps: [],
  };
  const places = new Map(log.map(({ id }, index) => [id, index]));
  for (const { name, received, gaps, maySee } of followers) {
    const at = (id: string): string => `${id} at ${name}`;
    const seen = new Set<string>();
    let last = -1;
    for (const id of received) {
      const place = places.get(id);
      const event = place === undefined ? undefined : log[place];
      if (seen.has(id)) found['that came twice']?.push(at(id));
      else if (place === undefined || !event || !maySee(event)) found['not for its client']?.push(at(id));
      else if (place < last) found['out of order']?.push(at(id));
      seen.add(id);
      last = Math.max(last, place ?? last);
    }
    for (const event of log) if (maySee(event) && !seen.has(event.id)) found['missing']?.push(at(event.id));
    if (gaps > 0) found['gaps']?.push(`${String(gaps)} at ${name}`);
  }
  return Object.entries(found)
    .filter(([, list]) => list.length > 0)
    .map(([what, list]) => {
      const examples = `${list.slice(0, EXAMPLES).join(', ')}${list.length > EXAMPLES ? ', …' : ''}`;
      return what === 'gaps'
        ? `clients were told of gaps: ${examples}`
        : `${String(list.length)} streamed events ${what}: ${examples}`;
    });
}
