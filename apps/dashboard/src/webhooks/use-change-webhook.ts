import { useMutation } from '@tanstack/react-query';
import { unwrap } from '../api/api.js';
import { notifyError, notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from './queries.js';
import { resumedMessage } from './webhook-state.js';

/** A change of a webhook's state by its owner. */
type Change = { enabled: boolean } | { paused: boolean };

/** The mutation that enables, disables, pauses or resumes a webhook. */
export type ChangeWebhook = ReturnType<typeof useChangeWebhook>;

/** Returns the mutation for a webhook of the signed-in user. */
export function useChangeWebhook(id: string) {
  const { api } = useSession();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: Change) => unwrap(api.api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body })),
    onSuccess: async (webhook, change) => {
      const isResume = 'paused' in change && !change.paused;
      notifySuccess(isResume ? resumedMessage(webhook) : `The webhook is ${pastOf(change)}.`);
      await refresh();
    },
    onError: (error, change) => {
      notifyError(`The webhook could not be ${pastOf(change)}`, error);
    },
  });
}

function pastOf(change: Change): string {
  if ('enabled' in change) return change.enabled ? 'enabled' : 'disabled';
  return change.paused ? 'paused' : 'resumed';
}
