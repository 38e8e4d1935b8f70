import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../shown/confirm.js';
import { useChangeWebhook, type OwnedWebhook } from './queries.js';

/** What the operator can do to anybody's webhook. */
export function WebhookDeeds({ webhook, size = 'compact-sm' }: { webhook: OwnedWebhook; size?: 'compact-sm' | 'sm' }) {
  const [asking, setAsking] = useState(false);
  const change = useChangeWebhook();
  const { id, url, enabled, paused } = webhook;
  const close = (): void => {
    setAsking(false);
  };
  return (
    <Group gap={6} wrap="nowrap">
      <Button
        size={size}
        variant="default"
        disabled={change.isPending}
        aria-label={paused ? `Go on with ${url}` : `Pause ${url}`}
        onClick={() => {
          change.mutate({ id, change: { paused: !paused }, done: paused ? 'It goes on.' : 'It is paused.' });
        }}
      >
        {paused ? 'Go on' : 'Pause'}
      </Button>
      <Button
        size={size}
        variant="default"
        disabled={change.isPending}
        aria-label={enabled ? `Disable ${url}` : `Enable ${url}`}
        onClick={() => {
          if (enabled) setAsking(true);
          else change.mutate({ id, change: { enabled: true }, done: 'It is enabled.' });
        }}
      >
        {enabled ? 'Disable' : 'Enable'}
      </Button>
      <Confirm
        opened={asking}
        title="Disable this webhook?"
        verb="Disable"
        danger
        busy={change.isPending}
        error={null}
        onClose={close}
        onConfirm={() => {
          change.mutate({ id, change: { enabled: false }, done: 'It is disabled.' }, { onSettled: close });
        }}
      >
        <Text size="sm" className="long">
          What is under way to <strong>{url}</strong> is cancelled, and its owner cannot enable it. To lose nothing, pause it.
        </Text>
      </Confirm>
    </Group>
  );
}
