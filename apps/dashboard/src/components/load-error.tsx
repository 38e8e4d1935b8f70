import { Alert, Button, Stack, Text } from '@mantine/core';
import { explainError } from '../api/api.js';

interface LoadErrorProps {
  /** The name of the data, as in "The … could not be loaded". */
  name: string;
  error: unknown;
  onRetry?: () => unknown;
}

/** An alert for data that could not be loaded, with the reason and a retry button. */
export function LoadError({ name, error, onRetry }: LoadErrorProps) {
  return (
    <Alert color="red" title={`The ${name} could not be loaded`} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm" className="break-anywhere">
          {explainError(error)}
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
