import { startTidings, type LocalApi, type LocalProcess } from '@tidings/local';
import type { Cleanup } from './cleanup.js';
import type { Random } from './random.js';

/** The APIs and workers of a run: real processes, as they are in production. */
export interface Processes {
  /** Those that run, or ought to. */
  workers: LocalProcess[];
  apis: LocalApi[];
  /** Of any API that runs; of one that ran, when none does. */
  url: () => string;
  token: (sub: string, scope?: string) => string;
  addWorker: (env?: NodeJS.ProcessEnv) => Promise<LocalProcess>;
  addApi: (env?: NodeJS.ProcessEnv) => Promise<LocalApi>;
  /** Forgets one that was ended: it is asked for nothing any more. */
  forget: (process: LocalProcess) => void;
}

interface ProcessesOptions {
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  /** For each worker: what its environment has beyond `env`. */
  workers: readonly NodeJS.ProcessEnv[];
  /** Likewise for each API. At least one. */
  apis: readonly NodeJS.ProcessEnv[];
  env: NodeJS.ProcessEnv;
  random: Random;
  cleanup: Cleanup;
}

const STOP_MS = 5000;

export async function startProcesses({ random, cleanup, ...options }: ProcessesOptions): Promise<Processes> {
  const [firstApi = {}, ...moreApis] = options.apis;
  const tidings = await startTidings({ ...options, workers: 0, env: { ...options.env, ...firstApi } });
  // Those that a scenario left paused would not stop.
  cleanup.add(() => tidings.stop(STOP_MS));
  // What the first API has of its own is not for the others.
  const own = Object.fromEntries(Object.keys(firstApi).map((name) => [name, options.env[name]]));

  const apis = [tidings.api];
  const workers: LocalProcess[] = [];
  const addApi = async (env: NodeJS.ProcessEnv = {}): Promise<LocalApi> => {
    const api = await tidings.startApi({ ...own, ...env });
    apis.push(api);
    return api;
  };
  const addWorker = async (env: NodeJS.ProcessEnv = {}): Promise<LocalProcess> => {
    const worker = await tidings.startWorker({ ...own, ...env });
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
    forget(process) {
      for (const list of [workers, apis] as LocalProcess[][]) {
        const index = list.indexOf(process);
        if (index >= 0) list.splice(index, 1);
      }
    },
  };
}
