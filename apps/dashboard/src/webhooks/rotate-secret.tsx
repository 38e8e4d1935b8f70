import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answerTo, explain, type Webhook } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from './queries.js';
import { SecretShown } from './secret-shown.js';

const OVERLAPS = [
  { value: '86400', label: 'a day' },
  { value: '3600', label: 'an hour' },
  { value: '604800', label: 'a week' },
  { value: '0', label: 'no longer: it leaked' },
];

/** Gives a webhook a new secret, after it was said how long the old one signs as well. */
export function RotateSecret({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [overlap, setOverlap] = useState('86400');
  const rotate = useMutation({
    mutationFn: () =>
      answerTo(
        api.api.POST('/api/webhooks/{id}/rotate-secret', {
          params: { path: { id: webhook.id } },
          body: { overlap_s: Number(overlap) },
        }),
      ),
    onSuccess: () => refresh(),
  });
  return (
    <Modal opened onClose={onClose} title="Rotate the secret" size="lg" centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        {rotate.data ? (
          <>
            <SecretShown secret={rotate.data.secret} url={webhook.url} />
            <Group justify="flex-end">
              <Button onClick={onClose}>I have kept it</Button>
            </Group>
          </>
        ) : (
          <>
            <Text size="sm">
              You get a new secret. For a while each request is signed with both, so that the receiver can change over without
              missing any.
            </Text>
            <Select
              label="The old secret signs for"
              data={OVERLAPS}
              value={overlap}
              allowDeselect={false}
              onChange={(value) => {
                setOverlap(value ?? '86400');
              }}
            />
            {rotate.isError && (
              <Text c="var(--mantine-color-error)" size="sm" role="alert">
                {explain(rotate.error)}
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
