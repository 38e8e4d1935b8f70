// The common part of `npm start` and `npm run dev`. package.json runs both with exec, so that a signal to npm reaches this
// process. Without exec it would end only the shell, and everything would continue to run.
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { lock } from './lock.mjs';
import { exitWithError, prepare, prepareRedis, ROOT, TURBO, TURBO_ENV } from './prepare.mjs';
import { waitForStopSignal } from './stop-signal.mjs';

/** Deadline for stopping after one part has ended by itself: the others may wait in vain for that part. */
const STOP_AFTER_FAILURE_MS = 3000;

/**
 * Starts everything, prints the addresses, and runs until Ctrl-C (exit code 0) or until a part ends by itself (1).
 *
 * @param {{ watch?: boolean }} options `watch` rebuilds changed packages and restarts the processes that use them
 */
export async function firstRun({ watch = false } = {}) {
  const folder = join(ROOT, '.tidings');
  const holder = lock(folder);
  if (holder !== undefined)
    exitWithError(`Tidings runs already, from this folder (process ${holder}): stop that one first, with Ctrl-C.`);

  if (!process.env.REDIS_URL) prepareRedis();
  prepare();
  const { startFirstRun, startProcess } = await import('../packages/local/dist/index.js');

  let stopping = false;
  const stopRequested = waitForStopSignal().then(() => {
    stopping = true;
  });
  console.log('Starting …');
  const run = await startFirstRun({ folder, env: process.env, onOutput: print, watch }).catch((error) =>
    exitWithError(error.message),
  );
  const turbo = watch
    ? startProcess(process.execPath, [TURBO, 'watch', 'build', '--output-logs=errors-only'], {
        cwd: ROOT,
        env: TURBO_ENV,
        onOutput: print,
      })
    : undefined;
  if (!stopping) console.log(run.guidance);

  const unexpectedEnd = await Promise.race([stopRequested, run.unexpectedEnd]);
  console.log(unexpectedEnd === undefined ? '\nStopping …' : `\n${unexpectedEnd} Stopping the rest …`);
  await turbo?.stop();
  await run.stop(unexpectedEnd === undefined ? undefined : STOP_AFTER_FAILURE_MS);
  process.exit(unexpectedEnd === undefined ? 0 : 1);
}

const hasColour = process.stdout.isTTY && !process.env.NO_COLOR;

function print(text) {
  process.stdout.write(hasColour ? text : stripVTControlCharacters(text));
}
