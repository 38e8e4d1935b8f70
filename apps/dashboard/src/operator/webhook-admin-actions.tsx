import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { useChangeWebhook, type OwnedWebhook } from './queries.js';

/** The operator's buttons for a webhook: pause or resume, disable or enable. */
export function WebhookAdminActions({ webhook, size = 'compact-sm' }: { webhook: OwnedWebhook; size?: 'compact-sm' | 'sm' }) {
  const [confirming, setConfirming] = useState(false);
  const change = useChangeWebhook();
  const { id, url, enabled } = webhook;
  // The owner's pause is the owner's to lift.
  const paused = webhook.paused_by.includes('operator');
  const close = (): void => {
    setConfirming(false);
  };
  return (
    <Group gap={6} wrap="nowrap">
      <Button
        size={size}
        variant="default"
        disabled={change.isPending}
        aria-label={paused ? `Resume ${url}` : `Pause ${url}`}
        onClick={() => {
          change.mutate({
            id,
            change: { paused: !paused },
            ...(paused ? {} : { successMessage: 'The webhook is paused.' }),
          });
        }}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Button
        size={size}
        variant="default"
        disabled={change.isPending}
        aria-label={enabled ? `Disable ${url}` : `Enable ${url}`}
        onClick={() => {
          if (enabled) setConfirming(true);
          else change.mutate({ id, change: { enabled: true }, successMessage: 'The webhook is enabled.' });
        }}
      >
        {enabled ? 'Disable' : 'Enable'}
      </Button>
      <ConfirmDialog
        opened={confirming}
        title="Disable this webhook?"
        confirmLabel="Disable"
        destructive
        busy={change.isPending}
        error={null}
        onClose={close}
        onConfirm={() => {
          change.mutate({ id, change: { enabled: false }, successMessage: 'The webhook is disabled.' }, { onSettled: close });
        }}
      >
        <Text size="sm" className="break-anywhere">
          The pending deliveries to <strong>{url}</strong> are skipped, and its owner cannot enable it again. To keep the
          deliveries, pause the webhook instead.
        </Text>
      </ConfirmDialog>
    </Group>
  );
}
