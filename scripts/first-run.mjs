// What `npm start` and `npm run dev` have in common. package.json runs them with exec, so that a signal to npm reaches this
// process instead of a shell, which would die of it and leave everything running.
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { lock } from './lock.mjs';
import { giveUp, prepare, prepareRedis, ROOT, TURBO, TURBO_ENV } from './prepare.mjs';
import { untilAskedToStop } from './until-asked.mjs';

/** Without one of the parts, the others may wait for it in vain before they stop. */
const BROKEN_STOP_MS = 3000;

/**
 * Starts everything, says where it is, and runs until Ctrl-C (exit code 0) or until a part ends by itself (1).
 *
 * @param {{ watch?: boolean }} options `watch` builds again what changes, and restarts the processes that use it
 */
export async function firstRun({ watch = false } = {}) {
  const folder = join(ROOT, '.tidings');
  const holder = lock(folder);
  if (holder !== undefined)
    giveUp(`Tidings runs already, from this folder (process ${holder}): stop that one first, with Ctrl-C.`);

  if (!process.env.REDIS_URL) prepareRedis();
  prepare();
  const { startFirstRun, startProcess } = await import('../packages/local/dist/index.js');

  let stopping = false;
  const asked = untilAskedToStop().then(() => {
    stopping = true;
  });
  console.log('Starting …');
  const run = await startFirstRun({ folder, env: process.env, show, watch }).catch((error) => giveUp(error.message));
  const turbo = watch
    ? startProcess(process.execPath, [TURBO, 'watch', 'build', '--output-logs=errors-only'], {
        cwd: ROOT,
        env: TURBO_ENV,
        onOutput: show,
      })
    : undefined;
  if (!stopping) console.log(run.guidance);

  const broken = await Promise.race([asked, run.broken]);
  console.log(broken === undefined ? '\nStopping …' : `\n${broken} Stopping the rest …`);
  await turbo?.stop();
  await run.stop(broken === undefined ? undefined : BROKEN_STOP_MS);
  process.exit(broken === undefined ? 0 : 1);
}

const inColour = process.stdout.isTTY && !process.env.NO_COLOR;

function show(text) {
  process.stdout.write(inColour ? text : stripVTControlCharacters(text));
}
