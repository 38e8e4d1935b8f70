import { Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useId } from 'react';
import { Json } from '../shown/json.js';
import type { StreamedEvent } from '@tidings/client';

const CLOCK = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** One event: its type and a glance at its data; all of it as JSON when it is opened. */
export function EventRow({ event, at }: { event: StreamedEvent; at: number }) {
  const [opened, { toggle }] = useDisclosure(false);
  const details = useId();
  return (
    <li className="event" data-event-id={event.id}>
      <UnstyledButton onClick={toggle} aria-expanded={opened} aria-controls={details} w="100%" px="md" py="xs">
        <Group gap="md" wrap="nowrap" align="baseline">
          <Text size="xs" c="dimmed" ff="monospace">
            {CLOCK.format(at)}
          </Text>
          <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
            {event.type}
          </Text>
          <Text size="sm" c="dimmed" ff="monospace" truncate visibleFrom="sm">
            {JSON.stringify(event.data)}
          </Text>
        </Group>
      </UnstyledButton>
      <div id={details} hidden={!opened} style={{ padding: '0 1rem 0.75rem' }}>
        {opened && <Json value={event} label={`The event ${event.id}`} />}
      </div>
    </li>
  );
}
