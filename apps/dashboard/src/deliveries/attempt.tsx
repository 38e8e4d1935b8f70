import { Badge, Group, Paper, Stack, Text } from '@mantine/core';
import type { Schemas } from '../api/api.js';
import { Facts } from '../shown/facts.js';
import { Json } from '../shown/json.js';
import { duration } from '../shown/numbers.js';
import { exact } from '../shown/clock.js';
import { State } from '../shown/tone.js';

/** What each class of errors means to whoever runs the receiver. */
const MEANING: Readonly<Record<string, string>> = {
  dns: 'The name could not be looked up.',
  connect: 'No connection could be made.',
  tls: 'There was no secure connection: look at the certificate.',
  timeout: 'It took too long.',
  reset: 'The connection broke off.',
  protocol: 'The answer was no HTTP.',
  blocked: 'The address is one that Tidings may not reach.',
  http_status: 'It answered, but not with a 2xx.',
};

/** One attempt: what was sent, what came back, how long it took, and what went wrong. */
export function AttemptCard({ attempt, eventId }: { attempt: Schemas['Attempt']; eventId: string }) {
  const { number, error_class: errorClass, error, status_code: status, response_body: body } = attempt;
  return (
    <Paper withBorder p="md" component="li">
      <Stack gap="sm">
        <Group gap="xs">
          <Text fw={600}>Attempt {number}</Text>
          <State tone={errorClass === null ? 'good' : 'bad'}>{status === null ? 'No response' : `HTTP ${String(status)}`}</State>
          {attempt.replay && (
            <Badge variant="default" tt="none" radius="sm">
              replay
            </Badge>
          )}
        </Group>
        <Facts
          facts={[
            ['Sent', exact(attempt.started_at)],
            ['Took', duration(attempt.duration_ms)],
            ...(errorClass === null ? [] : [['Error', `${MEANING[errorClass] ?? errorClass} ${error ?? ''}`] as const]),
            ['webhook-id', eventId],
            ['webhook-timestamp', String(Math.floor(Date.parse(attempt.started_at) / 1000))],
          ]}
        />
        {body !== null && body !== '' && (
          <div>
            <Text size="sm" c="dimmed">
              Response
            </Text>
            <Json value={body} label={`The response to attempt ${String(number)}`} />
          </div>
        )}
      </Stack>
    </Paper>
  );
}
