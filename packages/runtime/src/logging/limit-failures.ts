/** A failure whose cause lies outside of the process, such as a database that is away. */
export interface KnownFailure {
  /** Lines with the same topic are written once a minute; null: the topic is the line's own message. */
  topic: string | null;
  /** The fields that replace the line's `error`. */
  details: object;
}

/** Returns the failure behind a line, by its details; null when the line has none, or its error is of another kind. */
export type Explain = (details: Readonly<Record<string, unknown>>) => KnownFailure | null;

/** How often warnings about one topic are written, in milliseconds. */
const INTERVAL_MS = 60_000;
/** Limits the topics that are remembered: more than there are messages in the code. */
const MAX_TOPICS = 1000;

/**
 * Creates the function that shortens lines about known failures, and drops repeated warnings: a database that is away would
 * otherwise fill the log with stack traces, from every periodic task and job. Errors are always written.
 *
 * It returns the details of the line, or null when the line is dropped. `repeated` is the number of lines that were dropped
 * since the last one.
 */
export function createFailureLimit(explain: Explain, now: () => number = () => performance.now()) {
  const topics = new Map<string, { writtenAt: number; dropped: number }>();
  return (level: string, message: string, details: object | undefined): object | undefined | null => {
    if (details === undefined || !('error' in details)) return details;
    const failure = explain(details);
    if (failure === null) return details;
    const { error: _error, ...others } = details;
    const shortened = { ...others, ...failure.details };
    if (level !== 'warn') return shortened;
    const topic = failure.topic ?? message;
    const last = topics.get(topic);
    if (last && now() - last.writtenAt < INTERVAL_MS) {
      last.dropped += 1;
      return null;
    }
    if (topics.size >= MAX_TOPICS) topics.clear();
    topics.set(topic, { writtenAt: now(), dropped: 0 });
    return last && last.dropped > 0 ? { ...shortened, repeated: last.dropped } : shortened;
  };
}
