import pg from 'pg';

/** Sends the statement to the database. */
export type Run = () => Promise<pg.QueryResult>;

/** Handles a named statement and returns its result. */
export type Intercept = (statement: NamedStatement, run: Run, client: pg.Client) => Promise<pg.QueryResult>;

/** A prepared statement and its parameters. */
export interface NamedStatement {
  name: string;
  values: readonly unknown[];
}

type Callback = (error: Error | null, result?: pg.QueryResult) => void;
type Query = (this: pg.Client, ...args: unknown[]) => unknown;

/**
 * Passes every named statement of this process to `intercept`. The statements of the hot path are prepared, and so they
 * have names: the code under test needs no change. Returns a function that restores the original behaviour.
 */
export function interceptStatements(intercept: Intercept): () => void {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;
  prototype.query = function query(...args) {
    const statement = args[0] as Partial<NamedStatement> | string | undefined;
    if (typeof statement !== 'object' || statement.name === undefined) return original.apply(this, args);
    const values = (args.find(Array.isArray) ?? statement.values ?? []) as unknown[];
    // The pool passes a callback; other callers use the promise.
    const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
    const run: Run = () =>
      new Promise((resolve, reject) => {
        original.call(this, statement, values, (error: Error | null, result: pg.QueryResult) => {
          if (error) reject(error);
          else resolve(result);
        });
      });
    const answer = intercept({ name: statement.name, values }, run, this);
    if (callback === undefined) return answer;
    answer.then(
      (result) => {
        callback(null, result);
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
    return undefined;
  };
  return () => {
    prototype.query = original;
  };
}
