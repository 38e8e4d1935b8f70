import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Sabotage } from './sabotage.js';

/** The build, also for tests, which run from the sources: a process of Tidings is plain JavaScript. */
const PRELOAD = pathToFileURL(join(import.meta.dirname, '../../dist/preload/main.js')).href;

/** What a process needs in its environment to end at a failpoint, or to break a promise. Without either: nothing. */
export function preload({ failpoint, sabotage }: { failpoint?: string; sabotage?: Sabotage | undefined }): NodeJS.ProcessEnv {
  if (failpoint === undefined && sabotage === undefined) return {};
  return {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    ...(failpoint === undefined ? {} : { CHAOS_FAILPOINT: failpoint }),
    ...(sabotage === undefined ? {} : { CHAOS_SABOTAGE: sabotage }),
  };
}
