import { createRepetitions } from './repetitions.js';

/** A failure whose cause lies outside of the process, such as a database or Redis that is away. */
export interface KnownFailure {
  /** Of the warnings with the same topic, one is written a minute; null: the topic is the line's own message. */
  topic: string | null;
  /** The fields that replace the line's `error`. */
  details: object;
}

/** Returns the failure behind a line, by its details; null when the line has none, or its error is of another kind. */
export type Explain = (details: Readonly<Record<string, unknown>>) => KnownFailure | null;

/** After so long without a warning, the next one begins another outage, in milliseconds: reconnecting clients fail more often. */
const OVER_AFTER_MS = 15_000;

/**
 * Creates the function that shortens lines about known failures, and drops repeated warnings: a database that is away would
 * otherwise fill the log with stack traces, from every periodic task and job. Errors are always written.
 *
 * It returns the details of the line, or null when the line is dropped. `held_back` is the number of lines that were dropped
 * since the last one.
 */
export function createFailureLimit(explain: Explain, now?: () => number) {
  const repetitions = createRepetitions({ overAfterMs: OVER_AFTER_MS, ...(now && { now }) });
  return (level: string, message: string, details: object | undefined): object | undefined | null => {
    if (details === undefined || !('error' in details)) return details;
    const failure = explain(details);
    if (failure === null) return details;
    const { error: _error, ...others } = details;
    const shortened = { ...others, ...failure.details };
    if (level !== 'warn') return shortened;
    const { write, fields } = repetitions.next(failure.topic ?? message);
    return write ? { ...shortened, ...fields } : null;
  };
}
