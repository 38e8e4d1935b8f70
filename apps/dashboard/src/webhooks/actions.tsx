import { Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answerTo, type Webhook } from '../api/api.js';
import { Replay } from '../deliveries/replay.js';
import { useSession } from '../session/use-session.js';
import { tellDone, tellFailed } from '../shown/tell.js';
import { useRefresh } from './queries.js';
import { Remove } from './remove.js';
import { RotateSecret } from './rotate-secret.js';
import { TestNow } from './test-now.js';

type Open = 'test' | 'replay' | 'rotate' | 'remove' | null;

/** What can be done with a webhook. */
export function Actions({ webhook }: { webhook: Webhook }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => {
    setOpen(null);
  };
  const opener = (which: Open) => (): void => {
    setOpen(which);
  };
  const { id, enabled } = webhook;
  const enable = useMutation({
    mutationFn: (to: boolean) =>
      answerTo(api.api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body: { enabled: to } })),
    onSuccess: async (_webhook, to) => {
      tellDone(to ? 'The webhook is enabled.' : 'The webhook is disabled.');
      await refresh();
    },
    onError: (error, to) => {
      tellFailed(to ? 'It is not enabled' : 'It is not disabled', error);
    },
  });
  return (
    <>
      <Button variant="default" onClick={opener('test')}>
        Send a test
      </Button>
      <Button
        variant="default"
        loading={enable.isPending}
        onClick={() => {
          enable.mutate(!enabled);
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
          <Menu.Item onClick={opener('rotate')}>Rotate the secret …</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" onClick={opener('remove')}>
            Delete …
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'test' && <TestNow webhook={webhook} onClose={close} />}
      {open === 'replay' && <Replay webhookId={id} onClose={close} />}
      {open === 'rotate' && <RotateSecret webhook={webhook} onClose={close} />}
      {open === 'remove' && <Remove webhook={webhook} onClose={close} />}
    </>
  );
}
