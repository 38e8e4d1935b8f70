import { get } from 'node:http';

/** Where a process of this machine answers probes. */
export interface ProbeTarget {
  host: string;
  port: number;
}

/** The addresses that mean all addresses of the machine: a process there answers on its loopback address as well. */
const ALL = new Set(['::', '0.0.0.0']);
const TIMEOUT_MS = 2500;

/**
 * Returns where the process with these settings answers `/healthz` and `/readyz`: the health port, or the public port of the API
 * when there is none. Null: nowhere, such as a worker without HEALTH_PORT.
 */
export function probeTarget(env: Readonly<Record<string, string | undefined>>): ProbeTarget | null {
  const host = env['HOST'] || '::';
  const reachable = (name: string): string => (ALL.has(name) ? 'localhost' : name);
  const healthPort = Number(env['HEALTH_PORT'] || 0);
  if (healthPort !== 0) return { host: reachable(env['HEALTH_HOST'] || host), port: healthPort };
  return env['PORT'] ? { host: reachable(host), port: Number(env['PORT']) } : null;
}

/** Asks a process. Resolves with the status of the response. Rejects when there is none within 2.5 s. */
export function probe({ host, port }: ProbeTarget, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${String(TIMEOUT_MS)} ms`)));
    request.once('error', reject);
  });
}
