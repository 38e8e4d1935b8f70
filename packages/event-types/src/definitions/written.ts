/** A value with the place where it is written, for messages. */
export interface Written {
  place: string;
  value: unknown;
}

/** Whether a value is an object with fields, or a list. */
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
