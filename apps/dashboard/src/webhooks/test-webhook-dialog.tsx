import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { unwrap, type Webhook } from '../api/api.js';
import { useTypePatterns } from '../catalog/use-type-patterns.js';
import { DescriptionList } from '../components/description-list.js';
import { JsonBlock } from '../components/json-block.js';
import { LoadError } from '../components/load-error.js';
import { Loading } from '../components/loading.js';
import { StateBadge } from '../components/state-badge.js';
import { formatDuration } from '../format/numbers.js';
import { useSession } from '../session/use-session.js';
import { testedType } from './tested-type.js';

/** Sends a `webhook.test` event when the dialog opens and shows the response. Then examples of event types can be sent. */
export function TestWebhookDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const [chosen, setChosen] = useState<string | null>(null);
  const patterns = useTypePatterns(chosen === null ? [] : [chosen], { withVersions: true });
  const { mutate, reset, data, error, isPending } = useMutation({
    mutationFn: () =>
      unwrap(api.api.POST('/api/webhooks/{id}/test', { params: { path: { id: webhook.id } }, body: testedType(chosen) })),
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
          Tidings sends a signed event to {webhook.url}. The test is not logged and not retried.
        </Text>
        <Select
          label="Event"
          description="An event type sends its first example, with you as the owner."
          placeholder="webhook.test"
          clearable
          {...patterns}
          data={patterns.data.filter((pattern) => !pattern.endsWith('*'))}
          value={chosen}
          onChange={(value) => {
            setChosen(value);
            reset();
          }}
        />
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
                ['Event', `${data.event_type}, version ${String(data.event_version)}`],
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
            {data || error ? 'Send again' : 'Send'}
          </Button>
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
