import { Badge, Group, Paper, Stack, Text } from '@mantine/core';
import type { Schemas } from '../api/api.js';
import { DescriptionList } from '../components/description-list.js';
import { JsonBlock } from '../components/json-block.js';
import { StateBadge } from '../components/state-badge.js';
import { formatDuration } from '../format/numbers.js';
import { formatExact } from '../format/time.js';

/** An explanation of each error class for the owner of the receiver. */
const ERROR_EXPLANATIONS: Readonly<Record<string, string>> = {
  dns: 'The host name could not be resolved.',
  connect: 'The connection could not be established.',
  tls: 'The TLS handshake failed. Check the certificate.',
  timeout: 'The receiver did not respond in time.',
  reset: 'The connection was closed before the response was complete.',
  protocol: 'The response was not valid HTTP.',
  blocked: 'Tidings is not allowed to connect to this address.',
  throttled: 'The receiver asked to slow down. The webhook waits, and for a day such attempts do not count.',
  http_status: 'The receiver did not respond with a 2xx status.',
};

/** One attempt with its time, duration, error and response. */
export function AttemptCard({ attempt, eventId }: { attempt: Schemas['Attempt']; eventId: string }) {
  const { number, error_class: errorClass, error, status_code: status, response_body: body } = attempt;
  return (
    <Paper withBorder p="md" component="li">
      <Stack gap="sm">
        <Group gap="xs">
          <Text fw={600}>Attempt {number}</Text>
          <StateBadge tone={errorClass === null ? 'good' : 'bad'}>
            {status === null ? 'No response' : `HTTP ${String(status)}`}
          </StateBadge>
          {attempt.replay && (
            <Badge variant="default" tt="none" radius="sm">
              replay
            </Badge>
          )}
          {!attempt.counted && (
            <Badge variant="default" tt="none" radius="sm">
              not counted
            </Badge>
          )}
        </Group>
        <DescriptionList
          items={[
            ['Sent', formatExact(attempt.started_at)],
            ...(attempt.url === null ? [] : [['URL', attempt.url] as const]),
            ['Duration', formatDuration(attempt.duration_ms)],
            ...(errorClass === null
              ? []
              : [['Error', `${ERROR_EXPLANATIONS[errorClass] ?? errorClass} ${error ?? ''}`] as const]),
            ['webhook-id', eventId],
            ['webhook-timestamp', String(Math.floor(Date.parse(attempt.started_at) / 1000))],
          ]}
        />
        <HeaderList name="Request headers" headers={attempt.request_headers} />
        <HeaderList name="Response headers" headers={attempt.response_headers} />
        {body !== null && body !== '' && (
          <div>
            <Text size="sm" c="dimmed">
              Response
            </Text>
            <JsonBlock value={body} label={`Response to attempt ${String(number)}`} />
          </div>
        )}
      </Stack>
    </Paper>
  );
}

/** The headers of an attempt, behind a button; nothing when there are none. */
function HeaderList({ name, headers }: { name: string; headers: Schemas['Attempt']['request_headers'] }) {
  const entries = Object.entries(headers ?? {});
  if (entries.length === 0) return null;
  return (
    <details>
      <Text component="summary" size="sm" c="dimmed">
        {name}
      </Text>
      <DescriptionList items={entries.map(([header, value]) => [header, value] as const)} />
    </details>
  );
}
