import pg from 'pg';

/** Runs the statement as it is. */
export type Run = () => Promise<pg.QueryResult>;

/** Told of every statement with a name; answers in its place. */
export type Intercept = (statement: NamedStatement, run: Run, client: pg.Client) => Promise<pg.QueryResult>;

export interface NamedStatement {
  name: string;
  values: readonly unknown[];
}

type Callback = (error: Error | null, result?: pg.QueryResult) => void;
type Query = (this: pg.Client, ...args: unknown[]) => unknown;

/**
 * Puts itself between the process and its database. Statements of the hot path are prepared, and so have names, which
 * say what is about to happen: nothing has to be changed in the code that is under test. Returns how to undo it.
 */
export function interceptStatements(intercept: Intercept): () => void {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;
  prototype.query = function query(...args) {
    const statement = args[0] as Partial<NamedStatement> | string | undefined;
    if (typeof statement !== 'object' || statement.name === undefined) return original.apply(this, args);
    const values = (args.find(Array.isArray) ?? statement.values ?? []) as unknown[];
    // The pool passes a callback, everybody else takes the promise.
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
