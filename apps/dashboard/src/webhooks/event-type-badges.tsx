import { Badge, Group } from '@mantine/core';

/** A badge for each event type pattern of a webhook. */
export function EventTypeBadges({ patterns }: { patterns: readonly string[] }) {
  return (
    <Group gap={4}>
      {patterns.map((pattern) => (
        <Badge key={pattern} variant="default" tt="none" radius="sm" fw={500}>
          {pattern === '*' ? 'all event types' : pattern}
        </Badge>
      ))}
    </Group>
  );
}
