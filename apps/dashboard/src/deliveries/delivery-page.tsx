import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { unwrap } from '../api/api.js';
import { notifyError, notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from '../webhooks/queries.js';
import { DeliveryDetails } from './delivery-details.js';
import { useDelivery } from './queries.js';

/** A delivery of the signed-in user, with buttons that retry and cancel it. */
export function DeliveryPage({ id }: { id: string }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const delivery = useDelivery(id, false);
  const retry = useMutation({
    mutationFn: () => unwrap(api.api.POST('/api/deliveries/{id}/retry', { params: { path: { id } } })),
    onSuccess: async () => {
      notifySuccess('The delivery is being retried.');
      await refresh();
    },
    onError: (error) => {
      notifyError('The delivery could not be retried', error);
    },
  });
  const cancel = useMutation({
    mutationFn: () => unwrap(api.api.POST('/api/deliveries/{id}/cancel', { params: { path: { id } } })),
    onSuccess: async () => {
      notifySuccess('The delivery is cancelled.');
      await refresh();
    },
    onError: (error) => {
      notifyError('The delivery could not be cancelled', error);
    },
  });
  return (
    <DeliveryDetails
      delivery={delivery}
      asOperator={false}
      actions={
        delivery.data && (
          <>
            {delivery.data.status === 'pending' && (
              <Button
                variant="default"
                loading={cancel.isPending}
                onClick={() => {
                  cancel.mutate();
                }}
              >
                Cancel delivery
              </Button>
            )}
            <Button
              loading={retry.isPending}
              onClick={() => {
                retry.mutate();
              }}
            >
              Retry now
            </Button>
          </>
        )
      }
    />
  );
}
