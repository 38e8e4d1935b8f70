import { Badge, Group } from '@mantine/core';

/** What a webhook is sent, each pattern by itself. */
export function EventTypes({ patterns }: { patterns: readonly string[] }) {
  return (
    <Group gap={4}>
      {patterns.map((pattern) => (
        <Badge key={pattern} variant="default" tt="none" radius="sm" fw={500}>
          {pattern === '*' ? 'every type' : pattern}
        </Badge>
      ))}
    </Group>
  );
}
