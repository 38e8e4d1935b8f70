import type { Io } from './io.js';

const WIDTH = 30;

/** `[#########·····] 9 of 30`. */
function progressBar(done: number, total: number): string {
  const filled = total === 0 ? WIDTH : Math.floor((WIDTH * done) / total);
  return `[${'#'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${String(done)} of ${String(total)}`;
}

/** Shows how far something is: drawn over one line of a terminal, elsewhere one line for each change. */
export interface Progress {
  show: (done: number) => void;
  /** Leaves the last state where it is. */
  end: () => void;
}

/** @param json one line of JSON for each change, on standard output */
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
