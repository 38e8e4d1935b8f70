import { shareFor } from './share-for.js';

/**
 * Checks a dependency of the process, such as PostgreSQL: resolves when it answers, rejects when it does not. The field `readiness` of
 * the error, if it has one, is a text for everybody: it names no host, user or value.
 */
export type DependencyCheck = () => Promise<unknown>;

/** The reason why a dependency is not ready, in words that anybody may read: they name no host, user or database. */
export class NotReadyError extends Error {
  /** The reason, as {@link checkReadiness} shows it. */
  readonly readiness: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.readiness = reason;
    this.name = 'NotReadyError';
  }
}

/** The result of a readiness check. */
export interface Readiness {
  /** Whether all dependencies answered. */
  ready: boolean;
  /** For each dependency: `ok`, the error's `readiness`, `unreachable`, or `no answer within … ms`. */
  checks: Record<string, string>;
}

/** Checks the readiness of the process. Never rejects. */
export type CheckReadiness = () => Promise<Readiness>;

/** How long the result of a check counts, in milliseconds. */
const READINESS_MAX_AGE_MS = 1000;

/**
 * Creates the check of the process's readiness that all probes and metrics share: however many ask, the dependencies are checked
 * once at a time and at most once a second. Anybody may send probes, and none of them is counted for a limit.
 *
 * @param dependencies the checks, by name
 * @param maxAgeMs how long the result of a check counts, in milliseconds; default 1,000
 */
export function createReadiness(
  dependencies: Readonly<Record<string, DependencyCheck>>,
  maxAgeMs = READINESS_MAX_AGE_MS,
): CheckReadiness {
  return shareFor(maxAgeMs, () => checkReadiness(dependencies));
}

/**
 * Checks all dependencies in parallel. Never rejects.
 *
 * @param dependencies the checks, by name
 * @param timeoutMs how long each dependency may take to answer; default 2,000
 */
export async function checkReadiness(
  dependencies: Readonly<Record<string, DependencyCheck>>,
  timeoutMs = 2000,
): Promise<Readiness> {
  const checks = await Promise.all(
    Object.entries(dependencies).map(async ([name, check]) => [name, await stateOf(check, timeoutMs)] as const),
  );
  return { ready: checks.every(([, state]) => state === 'ok'), checks: Object.fromEntries(checks) };
}

async function stateOf(check: DependencyCheck, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer within ${String(timeoutMs)} ms`);
    }, timeoutMs);
  });
  // The error's message is not part of the result, because it may name hosts and users. The client of the dependency logs it.
  const answer = check().then(
    () => 'ok',
    (error: unknown) =>
      error instanceof Error && 'readiness' in error && typeof error.readiness === 'string' ? error.readiness : 'unreachable',
  );
  return Promise.race([answer, timeout]).finally(() => {
    clearTimeout(timer);
  });
}
