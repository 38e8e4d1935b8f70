import { Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { unwrap, type Webhook } from '../api/api.js';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from './queries.js';

/** Deletes a webhook after confirmation. */
export function DeleteWebhookDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const [, navigate] = useLocation();
  const refresh = useRefresh();
  const deleteWebhook = useMutation({
    mutationFn: () => unwrap(api.api.DELETE('/api/webhooks/{id}', { params: { path: { id: webhook.id } } })),
    onSuccess: () => {
      notifySuccess('The webhook was deleted.');
      navigate('/');
      void refresh();
    },
  });
  return (
    <ConfirmDialog
      opened
      title="Delete this webhook?"
      confirmLabel="Delete"
      destructive
      busy={deleteWebhook.isPending}
      error={deleteWebhook.error}
      onConfirm={() => {
        deleteWebhook.mutate();
      }}
      onClose={onClose}
    >
      <Text size="sm" className="break-anywhere">
        Tidings sends no further requests to <strong>{webhook.url}</strong> and cancels its pending deliveries. This cannot be
        undone.
      </Text>
    </ConfirmDialog>
  );
}
