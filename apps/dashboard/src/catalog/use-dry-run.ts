import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ApiProblem } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { tryEventType, type EventTypeChanges, type Target } from './event-types-api.js';
import type { Fault } from './faults.js';
import { bodyOf, faultsOf, type TypeDraft } from './type-draft.js';

/** What the API says of a definition that is not yet written. */
export interface Verdict {
  faults: Fault[];
  /** Null for a definition with faults. */
  effect: EventTypeChanges | null;
}

/** Statuses of a definition that the API refuses. */
const REFUSED = new Set([400, 409, 413, 422]);

/** Asks the API what a definition would change. The last answer stays until the next one is there. */
export function useDryRun(draft: TypeDraft, target: Target) {
  const { api } = useSession();
  const enabled = faultsOf(draft).length === 0;
  const body = enabled ? bodyOf(draft, target) : '';
  return useQuery({
    queryKey: ['event-types', 'dry-run', draft.type, body],
    queryFn: async ({ signal }): Promise<Verdict> => {
      try {
        return { faults: [], effect: await tryEventType(api, draft.type, body, signal) };
      } catch (error) {
        if (error instanceof ApiProblem && REFUSED.has(error.status)) return { faults: faultsIn(error), effect: null };
        throw error;
      }
    },
    enabled,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
}

/** Returns the faults that an error response names, or its message as the fault of no field. */
export function faultsIn(error: ApiProblem): Fault[] {
  const errors = error.problem.errors ?? [];
  return errors.length > 0 ? errors : [{ field: '', message: error.message }];
}
