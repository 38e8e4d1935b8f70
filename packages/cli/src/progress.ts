import type { Io } from './io.js';

const WIDTH = 30;

/** Formats a progress bar: `[#########·····] 9 of 30`. */
function progressBar(done: number, total: number): string {
  const filled = total === 0 ? WIDTH : Math.floor((WIDTH * done) / total);
  return `[${'#'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${String(done)} of ${String(total)}`;
}

/** A progress display: one line that is overwritten on a terminal; elsewhere one line for each change. */
export interface Progress {
  show: (done: number) => void;
  /** Ends the line of the terminal, so that the last state stays visible. */
  end: () => void;
}

/**
 * Creates a progress display.
 *
 * @param json whether to print one line of JSON for each change on standard output instead
 */
export function createProgress(
  { out, err, redraw }: Io,
  { total, json }: { total: number; json?: boolean | undefined },
): Progress {
  let last: number | undefined;
  return {
    show(done) {
      if (done === last) return;
      last = done;
      if (json) out(JSON.stringify({ done, total }));
      else if (redraw) redraw(progressBar(done, total));
      else err(progressBar(done, total));
    },
    end() {
      if (!json && redraw && last !== undefined) err('');
    },
  };
}
