import { Button, Text } from '@mantine/core';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { disableQuestion } from './disable-question.js';
import type { ChangeWebhook } from './use-change-webhook.js';

interface DisableWebhookDialogProps {
  /** The number of pending deliveries; at most 10,000 are counted. Undefined while it is unknown. */
  pending: number | undefined;
  isPaused: boolean;
  change: ChangeWebhook;
  onClose: () => void;
}

/** Asks before a webhook is disabled: names how many deliveries that cancels, and offers to pause it instead. */
export function DisableWebhookDialog({ pending, isPaused, change, onClose }: DisableWebhookDialogProps) {
  const { effect, label } = disableQuestion(pending);
  return (
    <ConfirmDialog
      opened
      title="Disable this webhook?"
      confirmLabel={label}
      destructive
      busy={change.isPending}
      error={null}
      onConfirm={() => {
        change.mutate({ enabled: false }, { onSettled: onClose });
      }}
      onClose={onClose}
      alternative={
        !isPaused && (
          <Button
            variant="default"
            disabled={change.isPending}
            onClick={() => {
              change.mutate({ paused: true }, { onSettled: onClose });
            }}
          >
            Pause instead
          </Button>
        )
      }
    >
      <Text size="sm">
        {effect} {!isPaused && 'If you pause the webhook instead, all events wait until you resume it, and none is lost.'}
      </Text>
    </ConfirmDialog>
  );
}
