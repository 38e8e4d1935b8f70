import { format } from 'node:util';

/**
 * Passes on what libraries write with `console.warn` and `console.error`, each text once. They do it past the log, some again and
 * again: ioredis for each connection, BullMQ for each queue. For processes only: the console is global. Returns a function that
 * undoes it.
 */
export function captureConsole(log: { warn: (message: string, details: object) => void }): () => void {
  const written = new Set<string>();
  const { warn, error } = console;
  const capture = (...values: unknown[]): void => {
    const text = format(...values);
    if (written.has(text)) return;
    written.add(text);
    log.warn('A library reports a problem.', { text });
  };
  Object.assign(console, { warn: capture, error: capture });
  return () => {
    Object.assign(console, { warn, error });
  };
}
