import { Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { answerTo, type Webhook } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { Confirm } from '../shown/confirm.js';
import { tellDone } from '../shown/tell.js';
import { useRefresh } from './queries.js';

/** Removes a webhook, once it was confirmed. */
export function Remove({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const [, go] = useLocation();
  const refresh = useRefresh();
  const remove = useMutation({
    mutationFn: () => answerTo(api.api.DELETE('/api/webhooks/{id}', { params: { path: { id: webhook.id } } })),
    onSuccess: () => {
      tellDone('The webhook is deleted.');
      go('/');
      void refresh();
    },
  });
  return (
    <Confirm
      opened
      title="Delete this webhook?"
      verb="Delete"
      danger
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => {
        remove.mutate();
      }}
      onClose={onClose}
    >
      <Text size="sm" className="long">
        Nothing more is sent to <strong>{webhook.url}</strong>, and what is under way is cancelled. This cannot be taken back.
      </Text>
    </Confirm>
  );
}
