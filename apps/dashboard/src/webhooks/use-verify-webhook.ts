import { useMutation } from '@tanstack/react-query';
import { unwrap } from '../api/api.js';
import { notifyError, notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from './queries.js';

/** Returns the mutation that lets Tidings ask the receiver of a webhook of the signed-in user again whether it expects events. */
export function useVerifyWebhook(id: string) {
  const { api } = useSession();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => unwrap(api.api.POST('/api/webhooks/{id}/verify', { params: { path: { id } } })),
    onSuccess: async () => {
      notifySuccess('A challenge is on its way. This page shows the result in a few seconds.');
      await refresh();
    },
    onError: (error) => {
      notifyError('The webhook could not be verified', error);
    },
  });
}
