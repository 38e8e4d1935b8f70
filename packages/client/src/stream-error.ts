/** A problem document (RFC 9457), the body of the API's error responses. */
export interface Problem {
  type: string;
  title: string;
  /** The HTTP status. */
  status: number;
  detail?: string;
  /** Every wrong field of the request. */
  errors?: { field: string; message: string }[];
  /** The id of the request in the log of the API. */
  request_id: string;
}

/** The API refuses the stream permanently: another attempt with the same options would fail, too. */
export class StreamError extends Error {
  /**
   * @param status the status of the response
   * @param problem the problem document of the response; undefined when it has none
   */
  constructor(
    readonly status: number,
    readonly problem?: Problem,
  ) {
    super(`The stream is refused: ${String(status)}${problem ? ` ${problem.title}. ${problem.detail ?? ''}` : ''}`.trim());
    this.name = 'StreamError';
  }
}
