/** A change that was requested at `fromMs`, and acknowledged at `untilMs`. Null: it was not acknowledged, and may have happened. */
export interface Change<Value> {
  value: Value;
  fromMs: number;
  untilMs: number | null;
}

/** The values of a setting in time. The first one holds from the beginning. */
export type History<Value> = Change<Value>[];

export function startHistory<Value>(value: Value): History<Value> {
  return [{ value, fromMs: -Infinity, untilMs: -Infinity }];
}

/** The values that the setting may have had at any time from `fromMs` to `untilMs`. */
export function possibleValues<Value>(history: History<Value>, fromMs: number, untilMs: number): Value[] {
  return history
    .filter((change, index) => {
      const next = history.slice(index + 1).find((later) => later.untilMs !== null);
      return change.fromMs <= untilMs && (next?.untilMs ?? Infinity) >= fromMs;
    })
    .map(({ value }) => value);
}

/** Whether the setting certainly had such a value all the time from `fromMs` to `untilMs`. */
export function isCertain<Value>(
  history: History<Value>,
  fromMs: number,
  untilMs: number,
  matches: (value: Value) => boolean,
): boolean {
  return possibleValues(history, fromMs, untilMs).every(matches);
}
