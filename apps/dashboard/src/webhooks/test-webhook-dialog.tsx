import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { unwrap, type Webhook } from '../api/api.js';
import { DescriptionList } from '../components/description-list.js';
import { JsonBlock } from '../components/json-block.js';
import { LoadError } from '../components/load-error.js';
import { Loading } from '../components/loading.js';
import { StateBadge } from '../components/state-badge.js';
import { formatDuration } from '../format/numbers.js';
import { useSession } from '../session/use-session.js';

/** Sends a test event when the dialog opens and shows the response. */
export function TestWebhookDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => unwrap(api.api.POST('/api/webhooks/{id}/test', { params: { path: { id: webhook.id } } })),
  });
  const sent = useRef(false);
  useEffect(() => {
    if (sent.current) return;
    sent.current = true;
    mutate();
  }, [mutate]);
  return (
    <Modal opened onClose={onClose} title="Test event" size="lg" centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack aria-live="polite">
        <Text size="sm" c="dimmed" className="break-anywhere">
          Tidings sends a signed <code>webhook.test</code> event to {webhook.url}. The test is not logged and not retried.
        </Text>
        {isPending && <Loading name="the response" />}
        {error && <LoadError name="response" error={error} />}
        {data && (
          <>
            <DescriptionList
              items={[
                [
                  'Result',
                  <StateBadge key="state" tone={data.succeeded ? 'good' : 'bad'}>
                    {data.succeeded ? 'Succeeded' : 'Failed'}
                  </StateBadge>,
                ],
                ['HTTP status', data.status_code ?? 'No response'],
                ['Duration', formatDuration(data.duration_ms)],
                ...(data.error === null ? [] : ([['Error', `${data.error_class ?? ''}: ${data.error}`]] as const)),
                ['webhook-id', data.event_id],
              ]}
            />
            {data.response_body !== null && data.response_body !== '' && (
              <JsonBlock value={data.response_body} label="Response body" />
            )}
          </>
        )}
        <Group justify="flex-end">
          <Button
            variant="default"
            loading={isPending}
            onClick={() => {
              mutate();
            }}
          >
            Send again
          </Button>
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
