import { Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { unwrap, type Webhook } from '../api/api.js';
import { notifySuccess, notifyError } from '../components/notify.js';
import { ReplayDialog } from '../deliveries/replay-dialog.js';
import { useSession } from '../session/use-session.js';
import { DeleteWebhookDialog } from './delete-webhook-dialog.js';
import { useRefresh } from './queries.js';
import { RotateSecretDialog } from './rotate-secret-dialog.js';
import { TestWebhookDialog } from './test-webhook-dialog.js';

type OpenDialog = 'test' | 'replay' | 'rotate' | 'delete' | null;

/** The buttons and the menu of a webhook's page. */
export function WebhookActions({ webhook }: { webhook: Webhook }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [openDialog, setOpenDialog] = useState<OpenDialog>(null);
  const close = (): void => {
    setOpenDialog(null);
  };
  const opener = (dialog: OpenDialog) => (): void => {
    setOpenDialog(dialog);
  };
  const { id, enabled } = webhook;
  const setEnabled = useMutation({
    mutationFn: (next: boolean) =>
      unwrap(api.api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body: { enabled: next } })),
    onSuccess: async (_webhook, next) => {
      notifySuccess(next ? 'The webhook is enabled.' : 'The webhook is disabled.');
      await refresh();
    },
    onError: (error, next) => {
      notifyError(next ? 'The webhook could not be enabled' : 'The webhook could not be disabled', error);
    },
  });
  return (
    <>
      <Button variant="default" onClick={opener('test')}>
        Send test event
      </Button>
      <Button
        variant="default"
        loading={setEnabled.isPending}
        onClick={() => {
          setEnabled.mutate(!enabled);
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
      {openDialog === 'delete' && <DeleteWebhookDialog webhook={webhook} onClose={close} />}
    </>
  );
}
