/** A problem document, as the API answers with (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  /** Every wrong field of the request. */
  errors?: { field: string; message: string }[];
  request_id: string;
}

/** The API refuses the stream, and will go on doing so. */
export class StreamError extends Error {
  /** @param problem what the API said, where it said anything */
  constructor(
    readonly status: number,
    readonly problem?: Problem,
  ) {
    super(`The stream is refused: ${String(status)}${problem ? ` ${problem.title}. ${problem.detail ?? ''}` : ''}`.trim());
    this.name = 'StreamError';
  }
}
