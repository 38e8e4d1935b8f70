import { Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** A placeholder for an empty list, with a hint or the next step. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center">
        <Text fw={600}>{title}</Text>
        {children}
      </Stack>
    </Paper>
  );
}
