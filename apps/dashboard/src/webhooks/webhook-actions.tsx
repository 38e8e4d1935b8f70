import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import type { Webhook } from '../api/api.js';
import { ReplayDialog } from '../deliveries/replay-dialog.js';
import { DeleteWebhookDialog } from './delete-webhook-dialog.js';
import { DisableWebhookDialog } from './disable-webhook-dialog.js';
import { useHourlyStats } from './queries.js';
import { RotateSecretDialog } from './rotate-secret-dialog.js';
import { TestWebhookDialog } from './test-webhook-dialog.js';
import { useChangeWebhook } from './use-change-webhook.js';
import { useVerifyWebhook } from './use-verify-webhook.js';

type OpenDialog = 'test' | 'replay' | 'rotate' | 'disable' | 'delete' | null;

/** The buttons and the menu of a webhook's page. */
export function WebhookActions({ webhook }: { webhook: Webhook }) {
  const [openDialog, setOpenDialog] = useState<OpenDialog>(null);
  const close = (): void => {
    setOpenDialog(null);
  };
  const opener = (dialog: OpenDialog) => (): void => {
    setOpenDialog(dialog);
  };
  const { id, enabled, paused_by: pausedBy } = webhook;
  const change = useChangeWebhook(id);
  const verify = useVerifyWebhook(id);
  const stats = useHourlyStats(id);
  const isPaused = pausedBy.includes('owner');
  const isUnverified = webhook.verification.state === 'waiting';
  return (
    <>
      {!isUnverified && (
        <Button variant="default" onClick={opener('test')}>
          Send test event
        </Button>
      )}
      {enabled && isUnverified && (
        <Button
          variant="default"
          loading={verify.isPending}
          onClick={() => {
            verify.mutate();
          }}
        >
          Verify
        </Button>
      )}
      <Button
        variant="default"
        loading={change.isPending}
        onClick={() => {
          change.mutate({ paused: !isPaused });
        }}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </Button>
      <Button
        variant="default"
        loading={change.isPending}
        onClick={() => {
          if (enabled) setOpenDialog('disable');
          else change.mutate({ enabled: true });
        }}
      >
        {enabled ? 'Disable' : 'Enable'}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default">More …</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={opener('replay')}>Replay deliveries …</Menu.Item>
          <Menu.Item onClick={opener('rotate')}>Rotate secret …</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" onClick={opener('delete')}>
            Delete …
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {openDialog === 'test' && <TestWebhookDialog webhook={webhook} onClose={close} />}
      {openDialog === 'replay' && <ReplayDialog webhookId={id} onClose={close} />}
      {openDialog === 'rotate' && <RotateSecretDialog webhook={webhook} onClose={close} />}
      {openDialog === 'disable' && (
        <DisableWebhookDialog pending={stats.data?.pending} isPaused={isPaused} change={change} onClose={close} />
      )}
      {openDialog === 'delete' && <DeleteWebhookDialog webhook={webhook} onClose={close} />}
    </>
  );
}
