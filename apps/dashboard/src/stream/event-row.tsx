import { Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useId } from 'react';
import type { StreamedEvent } from '@tidings/client';
import { JsonBlock } from '../components/json-block.js';

const CLOCK = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** One event with a preview of its data. Clicking shows the whole event as JSON. */
export function EventRow({ event, receivedAt }: { event: StreamedEvent; receivedAt: number }) {
  const [opened, { toggle }] = useDisclosure(false);
  const detailsId = useId();
  const shown = { id: event.id, type: event.type, data: event.data };
  return (
    <li className="event-row" data-event-id={event.id}>
      <UnstyledButton onClick={toggle} aria-expanded={opened} aria-controls={detailsId} w="100%" px="md" py="xs">
        <Group gap="md" wrap="nowrap" align="baseline">
          <Text size="xs" c="dimmed" ff="monospace">
            {CLOCK.format(receivedAt)}
          </Text>
          <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
            {event.type}
          </Text>
          <Text size="sm" c="dimmed" ff="monospace" truncate visibleFrom="sm">
            {event.json}
          </Text>
        </Group>
      </UnstyledButton>
      <div id={detailsId} hidden={!opened} style={{ padding: '0 1rem 0.75rem' }}>
        {opened && <JsonBlock value={shown} label={`Event ${event.id}`} />}
      </div>
    </li>
  );
}
