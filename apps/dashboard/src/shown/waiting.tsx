import { Alert, Button, Center, Loader, Paper, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { explain } from '../api/api.js';

/** What is on its way. */
export function Loading({ what }: { what: string }) {
  return (
    <Center py="xl" role="status">
      <Stack align="center" gap="xs">
        <Loader size="sm" aria-hidden />
        <Text size="sm" c="dimmed">
          Loading {what} …
        </Text>
      </Stack>
    </Center>
  );
}

/** What did not come, why, and a way to ask again. */
export function Failed({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => unknown }) {
  return (
    <Alert color="red" title={`The ${what} could not be loaded`} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm" className="long">
          {explain(error)}
        </Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={() => void onRetry()}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** Where there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center">
        <Text fw={600}>{title}</Text>
        {children}
      </Stack>
    </Paper>
  );
}

interface LoadedProps<Data> {
  /** As in "The … could not be loaded". */
  what: string;
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}

/** What was asked for, or how far that has come. What is there already stays while it is asked for again in vain. */
export function Loaded<Data>({ what, query, children }: LoadedProps<Data>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed what={`newer ${what}`} error={query.error} onRetry={query.refetch} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed what={what} error={query.error} onRetry={query.refetch} />;
  return <Loading what={what} />;
}
