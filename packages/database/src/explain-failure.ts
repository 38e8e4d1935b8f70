import { findFailure, originalMessage } from './failure.js';
import { UnusableDatabaseError } from './unusable-database.js';

/** A failure of the database as the log shows it: without a stack trace, because its cause is not in the code. */
export interface ExplainedFailure {
  /** Lines with the same topic are written once a minute; null: the topic is the line's own message. */
  topic: string | null;
  details: { reason: string; remedy: string; code?: string; postgresql?: string };
}

/** Explains the error of a log line; null when it is not a failure of the database. */
export function explainFailure(error: unknown): ExplainedFailure | null {
  const failure = findFailure(error);
  const unusable = error instanceof UnusableDatabaseError ? error : null;
  if (!failure && !unusable) return null;
  const { kind, remedy } = unusable ?? (failure as NonNullable<typeof failure>);
  const reason = unusable?.message ?? (failure as NonNullable<typeof failure>).reason;
  const original = failure ? originalMessage(error) : '';
  return {
    topic: failure?.isGeneral === false ? null : kind,
    details: {
      reason,
      remedy,
      ...(failure?.code != null && { code: failure.code }),
      ...(original !== '' && original !== reason && { postgresql: original }),
    },
  };
}
