import { startTidings, type LocalApi, type LocalProcess } from '@tidings/local';
import type { Cleanup } from './cleanup.js';
import type { Random } from './random.js';

/** The APIs and workers of a run: the same processes as in production. */
export interface Processes {
  /** The workers that should be running, without those that a scenario killed or stopped. */
  workers: LocalProcess[];
  apis: LocalApi[];
  /** The URL of a random running API, or of the first one when none is running. */
  url: () => string;
  token: (sub: string, scope?: string) => string;
  addWorker: (env?: NodeJS.ProcessEnv) => Promise<LocalProcess>;
  addApi: (env?: NodeJS.ProcessEnv) => Promise<LocalApi>;
  /** Removes a process from `workers` and `apis`, so that the run no longer uses it. */
  remove: (process: LocalProcess) => void;
}

interface ProcessesOptions {
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  /** Additional environment variables of each worker. */
  workers: readonly NodeJS.ProcessEnv[];
  /** Additional environment variables of each API. At least one API. */
  apis: readonly NodeJS.ProcessEnv[];
  env: NodeJS.ProcessEnv;
  random: Random;
  cleanup: Cleanup;
}

const STOP_MS = 5000;

/** Starts the APIs and the workers. The cleanup stops them. */
export async function startProcesses({ random, cleanup, ...options }: ProcessesOptions): Promise<Processes> {
  const [firstApi = {}, ...moreApis] = options.apis;
  const tidings = await startTidings({ ...options, workers: 0, env: { ...options.env, ...firstApi } });
  // A process that a scenario left paused does not stop by itself.
  cleanup.add(() => tidings.stop(STOP_MS));
  // Resets the additional variables of the first API, which the other processes would inherit.
  const baseEnv = Object.fromEntries(Object.keys(firstApi).map((name) => [name, options.env[name]]));

  const apis = [tidings.api];
  const workers: LocalProcess[] = [];
  const addApi = async (env: NodeJS.ProcessEnv = {}): Promise<LocalApi> => {
    const api = await tidings.startApi({ ...baseEnv, ...env });
    apis.push(api);
    return api;
  };
  const addWorker = async (env: NodeJS.ProcessEnv = {}): Promise<LocalProcess> => {
    const worker = await tidings.startWorker({ ...baseEnv, ...env });
    workers.push(worker);
    return worker;
  };
  await Promise.all([...moreApis.map(addApi), ...options.workers.map(addWorker)]);

  return {
    workers,
    apis,
    url: () => (apis.length > 0 ? random.pick(apis).url : tidings.url),
    token: tidings.token,
    addWorker,
    addApi,
    remove(process) {
      for (const list of [workers, apis] as LocalProcess[][]) {
        const index = list.indexOf(process);
        if (index >= 0) list.splice(index, 1);
      }
    },
  };
}
