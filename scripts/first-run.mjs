// What `npm start` and `npm run dev` have in common. package.json runs them with exec, so that a signal to npm reaches this
// process instead of a shell, which would die of it and leave everything running.
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { lock } from './lock.mjs';
import { giveUp, prepare, prepareRedis, ROOT } from './prepare.mjs';
import { untilAskedToStop } from './until-asked.mjs';

/**
 * Starts everything, says where it is, and runs until Ctrl-C (exit code 0) or until a part ends by itself (1).
 *
 * @param {{ watch?: boolean, alongside?: () => () => void }} options `alongside` starts something, and returns how to stop it
 */
export async function firstRun({ watch = false, alongside = () => () => undefined } = {}) {
  const folder = join(ROOT, '.tidings');
  const holder = lock(folder);
  if (holder !== undefined)
    giveUp(`Tidings runs already, from this folder (process ${holder}): stop that one first, with Ctrl-C.`);

  prepare();
  if (!process.env.REDIS_URL) prepareRedis();
  const { startFirstRun } = await import('../packages/local/dist/index.js');

  const asked = untilAskedToStop();
  console.log('Starting …');
  const run = await startFirstRun({ folder, env: process.env, show, watch }).catch((error) => giveUp(error.message));
  const stopAlongside = alongside();
  console.log(run.guidance);

  const broken = await Promise.race([asked.then(() => undefined), run.broken]);
  console.log(broken === undefined ? '\nStopping …' : `\n${broken} Stopping the rest …`);
  stopAlongside();
  await run.stop();
  process.exit(broken === undefined ? 0 : 1);
}

const inColour = process.stdout.isTTY && !process.env.NO_COLOR;

function show(text) {
  process.stdout.write(inColour ? text : stripVTControlCharacters(text));
}
