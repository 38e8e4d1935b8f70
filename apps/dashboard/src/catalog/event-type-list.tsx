import { Anchor, Button, Group, Paper, Text } from '@mantine/core';
import { Link } from 'wouter';
import type { EventType } from './event-types-api.js';
import { TypeBadges } from './type-badges.js';
import { eventTypePath } from './paths.js';

interface EventTypeListProps {
  types: readonly EventType[];
  /** Called with the group that the user wants to see. */
  onGroup: (group: string) => void;
}

/** A page of event types, each with its description and its badges. */
export function EventTypeList({ types, onGroup }: EventTypeListProps) {
  return (
    <Paper withBorder component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Event types">
      {types.map((eventType) => (
        <li key={eventType.type} className="list-row">
          <Group justify="space-between" align="flex-start" gap="4px 10px">
            <Group gap="2px 10px" align="baseline" className="break-anywhere">
              <Anchor component={Link} href={eventTypePath(eventType.type)} fw={600} className="break-anywhere">
                {eventType.type}
              </Anchor>
              {eventType.title !== null && <Text size="sm">{eventType.title}</Text>}
            </Group>
            <Group gap={4}>
              {eventType.group !== null && <GroupButton group={eventType.group} onGroup={onGroup} />}
              <TypeBadges eventType={eventType} />
            </Group>
          </Group>
          <Text size="sm" c="dimmed" lineClamp={2} className="break-anywhere">
            {eventType.description}
          </Text>
        </li>
      ))}
    </Paper>
  );
}

function GroupButton({ group, onGroup }: { group: string; onGroup: (group: string) => void }) {
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      aria-label={`Show the group ${group}`}
      onClick={() => {
        onGroup(group);
      }}
    >
      {group}
    </Button>
  );
}
