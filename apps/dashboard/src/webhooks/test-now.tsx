import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { answerTo, type Webhook } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { Facts } from '../shown/facts.js';
import { Json } from '../shown/json.js';
import { duration } from '../shown/numbers.js';
import { State } from '../shown/tone.js';
import { Failed, Loading } from '../shown/waiting.js';

/** Sends a test as soon as it is opened, and shows what really came back. */
export function TestNow({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { api } = useSession();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => answerTo(api.api.POST('/api/webhooks/{id}/test', { params: { path: { id: webhook.id } } })),
  });
  const sent = useRef(false);
  useEffect(() => {
    if (sent.current) return;
    sent.current = true;
    mutate();
  }, [mutate]);
  return (
    <Modal opened onClose={onClose} title="Test" size="lg" centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack aria-live="polite">
        <Text size="sm" c="dimmed" className="long">
          A signed <code>webhook.test</code> event to {webhook.url}. It is in no log, and is not tried again.
        </Text>
        {isPending && <Loading what="the answer" />}
        {error && <Failed what="answer" error={error} />}
        {data && (
          <>
            <Facts
              facts={[
                [
                  'Result',
                  <State key="state" tone={data.succeeded ? 'good' : 'bad'}>
                    {data.succeeded ? 'It arrived' : 'It failed'}
                  </State>,
                ],
                ['Status', data.status_code ?? 'no response'],
                ['Took', duration(data.duration_ms)],
                ...(data.error === null ? [] : ([['Error', `${data.error_class ?? ''}: ${data.error}`]] as const)),
                ['webhook-id', data.event_id],
              ]}
            />
            {data.response_body !== null && data.response_body !== '' && (
              <Json value={data.response_body} label="The response's body" />
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
