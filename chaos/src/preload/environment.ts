import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Sabotage } from './sabotage.js';

/** The built module, also in tests, which run from the sources: the processes of Tidings run JavaScript. */
const PRELOAD = pathToFileURL(join(import.meta.dirname, '../../dist/preload/main.js')).href;

/** The environment variables that make a process die at a failpoint or break a promise. Empty without either. */
export function preload({ failpoint, sabotage }: { failpoint?: string; sabotage?: Sabotage | undefined }): NodeJS.ProcessEnv {
  if (failpoint === undefined && sabotage === undefined) return {};
  return {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    ...(failpoint === undefined ? {} : { CHAOS_FAILPOINT: failpoint }),
    ...(sabotage === undefined ? {} : { CHAOS_SABOTAGE: sabotage }),
  };
}
