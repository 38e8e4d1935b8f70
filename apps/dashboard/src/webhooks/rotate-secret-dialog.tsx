import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { unwrap, explainError, type Webhook } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { NewSecret } from './new-secret.js';
import { useRefresh } from './queries.js';

const OVERLAPS = [
  { value: '86400', label: 'One day' },
  { value: '3600', label: 'One hour' },
  { value: '604800', label: 'One week' },
  { value: '0', label: 'Not at all: the secret has leaked' },
];

/** Rotates the secret of a webhook. The user chooses how long requests are also signed with the old secret. */
export function RotateSecretDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [overlap, setOverlap] = useState('86400');
  const rotate = useMutation({
    mutationFn: () =>
      unwrap(
        api.api.POST('/api/webhooks/{id}/rotate-secret', {
          params: { path: { id: webhook.id } },
          body: { overlap_s: Number(overlap) },
        }),
      ),
    onSuccess: () => refresh(),
  });
  return (
    <Modal opened onClose={onClose} title="Rotate secret" size="lg" centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        {rotate.data ? (
          <>
            <NewSecret secret={rotate.data.secret} url={webhook.url} />
            <Group justify="flex-end">
              <Button onClick={onClose}>I have saved it</Button>
            </Group>
          </>
        ) : (
          <>
            <Text size="sm">
              The webhook gets a new secret. During the overlap each request is signed with both secrets, so that you can update
              the receiver without rejecting requests.
            </Text>
            <Select
              label="Overlap with the old secret"
              data={OVERLAPS}
              value={overlap}
              allowDeselect={false}
              onChange={(value) => {
                setOverlap(value ?? '86400');
              }}
            />
            {rotate.isError && (
              <Text c="var(--mantine-color-error)" size="sm" role="alert">
                {explainError(rotate.error)}
              </Text>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button
                loading={rotate.isPending}
                onClick={() => {
                  rotate.mutate();
                }}
              >
                Rotate
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  );
}
