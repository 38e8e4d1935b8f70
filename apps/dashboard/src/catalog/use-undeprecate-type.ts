import { useMutation } from '@tanstack/react-query';
import { notifyError, notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { deprecateEventType } from './event-types-api.js';
import { useRefreshCatalog } from './queries.js';

/** Returns the mutation that takes a type's deprecation back. */
export function useUndeprecateType(type: string) {
  const { api } = useSession();
  const refresh = useRefreshCatalog();
  return useMutation({
    mutationFn: () => deprecateEventType(api, type, { deprecated: false }),
    onSuccess: async () => {
      notifySuccess(`${type} is no longer deprecated.`);
      await refresh();
    },
    onError: (error) => {
      notifyError('The deprecation could not be undone', error);
    },
  });
}
