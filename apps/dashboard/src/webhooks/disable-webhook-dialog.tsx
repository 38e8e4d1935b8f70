import { Button, Text } from '@mantine/core';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { formatCount, formatQuantity } from '../format/numbers.js';
import type { ChangeWebhook } from './use-change-webhook.js';

interface DisableWebhookDialogProps {
  /** The number of pending deliveries; at most 10,000 are counted. */
  pending: number;
  isPaused: boolean;
  change: ChangeWebhook;
  onClose: () => void;
}

const MAX_COUNTED = 10_000;

/** Asks before a webhook is disabled: names how many deliveries that cancels, and offers to pause it instead. */
export function DisableWebhookDialog({ pending, isPaused, change, onClose }: DisableWebhookDialogProps) {
  const count =
    pending >= MAX_COUNTED ? `${formatCount(MAX_COUNTED)} or more deliveries` : formatQuantity(pending, 'delivery', 'deliveries');
  return (
    <ConfirmDialog
      opened
      title="Disable this webhook?"
      confirmLabel={pending > 0 ? `Disable and cancel ${count}` : 'Disable'}
      destructive
      busy={change.isPending}
      error={null}
      onConfirm={() => {
        change.mutate({ enabled: false }, { onSettled: onClose });
      }}
      onClose={onClose}
    >
      <Text size="sm">
        {pending > 0
          ? `${count} that are waiting will be cancelled, and new events are not delivered.`
          : 'New events are not delivered while the webhook is disabled.'}{' '}
        {!isPaused && 'If you pause the webhook instead, all events wait until you resume it, and none is lost.'}
      </Text>
      {!isPaused && (
        <Button
          variant="default"
          disabled={change.isPending}
          onClick={() => {
            change.mutate({ paused: true }, { onSettled: onClose });
          }}
        >
          Pause instead
        </Button>
      )}
    </ConfirmDialog>
  );
}
