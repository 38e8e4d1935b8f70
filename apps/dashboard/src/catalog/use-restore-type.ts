import { useMutation } from '@tanstack/react-query';
import { notifyError, notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { writeEventType, type EventType } from './event-types-api.js';
import { useRefreshCatalog } from './queries.js';
import { bodyOf, draftOf } from './type-draft.js';

/** Returns the mutation that brings an archived type or version back, by writing it again as it was. */
export function useRestoreType(eventType: EventType) {
  const { api } = useSession();
  const refresh = useRefreshCatalog();
  const { type, version } = eventType;
  return useMutation({
    mutationFn: () => writeEventType(api, type, bodyOf(draftOf(eventType), { version })),
    onSuccess: async () => {
      notifySuccess(eventType.archived_at === null ? `Version ${String(version)} is restored.` : `${type} is restored.`);
      await refresh();
    },
    onError: (error) => {
      notifyError(`${type} could not be restored`, error);
    },
  });
}
