import { Center, Loader, Stack, Text } from '@mantine/core';

/** A spinner while data loads. */
export function Loading({ name }: { name: string }) {
  return (
    <Center py="xl" role="status">
      <Stack align="center" gap="xs">
        <Loader size="sm" aria-hidden />
        <Text size="sm" c="dimmed">
          Loading {name} …
        </Text>
      </Stack>
    </Center>
  );
}
